import { onboardingRoutes } from './onboarding.ts';
import type { Route } from './routes.ts';
import { settlementRoutes } from './settlements.ts';
import { subscriptionRoutes } from './subscriptions.ts';

/** What belongs to the account: terminals, stores, subscriptions, settlements. Mounted below `/v1/accounts/{aid}`. */
export const accountRoutes: readonly Route[] = [
  ...onboardingRoutes,
  ...subscriptionRoutes,
  ...settlementRoutes,
];
