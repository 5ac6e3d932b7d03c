import type { Route } from './routes.ts';
import { Refusal } from './world.ts';

/** Payment profiles: the account has one, for terminals alone. What it says is changed by a `rewrite` fault. */
export const profileRoutes: readonly Route[] = [
  {
    endpoint: 'get_profile',
    method: 'get',
    path: '/admin/session/profiles/:id',
    about: () => ({}),
    answer: ({ options }, { id }) => {
      const { accountId, profileId } = options;
      if (!['default', profileId].includes(id)) throw new Refusal(404, `no profile ${id}`);
      const in_person = { type: 'payment_product_type', enabled: true };
      return {
        status: 200,
        body: {
          profile_id: id,
          account_id: accountId,
          configuration: {
            auto_capture: true,
            channel: 'in_store',
            seitatech: { type: 'payment_type', in_person },
          },
        },
      };
    },
  },
];
