/** Both sides show a certificate, and trust those that one authority has signed. PEM. */
export type Tls = { ca: Buffer; certificate: Buffer; key: Buffer }

/** As Node's modules name them. */
export function tlsOptions({ ca, certificate, key }: Tls): { ca: Buffer; cert: Buffer; key: Buffer } {
  return { ca, cert: certificate, key }
}
