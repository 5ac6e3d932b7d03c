/** Where Dintero is and who we are there. */
export interface DinteroConfig {
  /** Both with their prefix, `https://checkout.dintero.com/v1`: the vendor has two URL families (dossier 0.1). */
  checkoutUrl: string;
  apiUrl: string;
  accountId: string;
  clientId: string;
  clientSecret: string;
  profileId: string;
  /** A checkout client has no rights to terminals, stores, subscriptions and settlements (dossier 1); null: the same client has. */
  accountClient?: { clientId: string; clientSecret: string } | null;
  /** Where Dintero reaches the api; null: no callbacks, polling finds everything. */
  publicUrl: string | null;
  /** Signs the account's webhooks; null: Kvitt keeps no subscription. */
  webhookSecret?: string | null;
  /** Names this installation on every transaction that it makes. */
  installation: string;
}
