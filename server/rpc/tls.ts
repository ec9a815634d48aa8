/** Both sides show a certificate, and trust those that one authority has signed. PEM. */
import type { PeerCertificate } from 'node:tls'

export type Tls = { ca: Buffer; certificate: Buffer; key: Buffer }

/** As Node's modules name them. */
export function tlsOptions({ ca, certificate, key }: Tls): { ca: Buffer; cert: Buffer; key: Buffer } {
  return { ca, cert: certificate, key }
}

/**
 * Whether a trusted certificate is that of a process at `host`: it names the host, or something that our own names, too. Pods have addresses
 * that no certificate knows, and share one.
 * @returns what is wrong, as Node's `checkServerIdentity`
 */
export function checkIdentity({ certificate }: Tls, host: string, peer: PeerCertificate): Error | undefined {
  const { X509Certificate } = process.getBuiltinModule('node:crypto')
  const own = new X509Certificate(certificate)
  const names = new Set(namesOf(own.subjectAltName))
  if (namesOf(peer.subjectaltname).some(name => names.has(name))) return undefined
  return process.getBuiltinModule('node:tls').checkServerIdentity(host, peer)
}

/** `DNS:` and `IP Address:` with what follows. */
function namesOf(subjectAltName = ''): string[] {
  return subjectAltName.split(', ').filter(name => name !== '')
}
