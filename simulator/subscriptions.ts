import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { ping } from './hooks.ts';
import type { Subscription } from './account-records.ts';
import type { Route } from './routes.ts';
import { parseBody } from './sessions.ts';
import { now, Refusal, type World } from './world.ts';

const subscriptionRequest = z.looseObject({
  config: z.looseObject({
    url: z.url({ protocol: /^https?$/ }),
    content_type: z.literal('application/json').default('application/json'),
    secret: z.string().min(1).exactOptional(),
  }),
  events: z.array(z.string().min(1)).min(1),
});

/** The secret is told to nobody again. */
function shown({ failures: _ours, config, ...rest }: Subscription): object {
  const { secret: _secret, ...visible } = config;
  return { ...rest, config: visible };
}

function find(world: World, id: string): Subscription {
  const subscription = world.store.tables.subscription.get(id);
  if (subscription === undefined) throw new Refusal(404, `no subscription ${id}`);
  return subscription;
}

const about: Route['about'] = () => ({});
const path = '/hooks/subscriptions';

/** The account's webhooks (dossier 5.4). The same request twice makes two, as at Dintero. */
export const subscriptionRoutes: readonly Route[] = [
  {
    endpoint: 'list_subscriptions',
    method: 'get',
    path,
    about,
    answer: ({ store }) => ({
      status: 200,
      body: [...store.tables.subscription.values()].map(shown),
    }),
  },
  {
    endpoint: 'create_subscription',
    method: 'post',
    path,
    about,
    answer: (world, { body }) => {
      const wanted = parseBody(subscriptionRequest, body);
      const id = randomUUID();
      const subscription = { ...wanted, id, created_at: now(), failures: 0 };
      world.store.save('subscription', id, subscription);
      ping(world, subscription);
      return { status: 200, body: shown(subscription) };
    },
  },
  {
    endpoint: 'get_subscription',
    method: 'get',
    path: `${path}/:id`,
    about,
    answer: (world, { id }) => ({ status: 200, body: shown(find(world, id)) }),
  },
  {
    endpoint: 'delete_subscription',
    method: 'delete',
    path: `${path}/:id`,
    about,
    answer: (world, { id }) => {
      world.store.remove('subscription', find(world, id).id);
      return { status: 204, body: undefined };
    },
  },
  {
    endpoint: 'ping_subscription',
    method: 'post',
    path: `${path}/:id/ping`,
    about,
    answer: (world, { id }) => {
      ping(world, find(world, id));
      return { status: 204, body: undefined };
    },
  },
];
