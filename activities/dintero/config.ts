/** Where Dintero is and who we are there. */
export interface DinteroConfig {
  /** Both with their prefix, `https://checkout.dintero.com/v1`: the vendor has two URL families (dossier 0.1). */
  checkoutUrl: string;
  apiUrl: string;
  accountId: string;
  clientId: string;
  clientSecret: string;
  profileId: string;
  /** Where Dintero reaches the api; null: no callbacks, polling finds everything. */
  publicUrl: string | null;
  /** Names this installation on every transaction that it makes. */
  installation: string;
}
