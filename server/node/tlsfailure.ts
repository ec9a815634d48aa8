/** Why a place can't be reached over TLS, in words that say what to do: the clients' own errors do not. */
import { type Tls, tlsOptions } from '../rpc/tls.ts'

const PATIENCE_MS = 2000
/** A server that refuses our certificate says so after the handshake. */
const REFUSAL_MS = 300

const UNTRUSTED = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
])

/** `url`: its host and port are tried. Undefined if TLS is not the reason. */
export async function tlsFailure(url: string, tls: Tls | undefined): Promise<string | undefined> {
  const error = await handshake(url, tls)
  const code = error?.code ?? ''
  const { host } = new URL(url)
  if (!error || ['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH'].includes(code)) return undefined
  if (UNTRUSTED.has(code))
    return tls
      ? `the certificate of ${host} is not signed by what --tls-ca names`
      : `the certificate of ${host} is not trusted here: say with --tls-ca, --tls-cert and --tls-key what is, and what to show it`
  if (code === 'CERT_HAS_EXPIRED') return `the certificate of ${host} has expired`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `the certificate of ${host} is for other names: ${error.message}`
  if (/alert|ECONNRESET/i.test(`${code} ${error.message}`))
    return `${host} does not accept ${tls ? 'the certificate that --tls-cert names' : 'a client without a certificate: give --tls-cert and --tls-key'}`
  if (/wrong version number|packet length too long|EPROTO/i.test(`${code} ${error.message}`))
    return `${host} does not speak TLS`
  return `the handshake with ${host} failed: ${error.message}`
}

async function handshake(url: string, tls: Tls | undefined): Promise<NodeJS.ErrnoException | undefined> {
  const { connect } = await import('node:tls')
  const { hostname: host, port } = new URL(url)
  return new Promise(resolve => {
    const own = tls && tlsOptions(tls)
    const isName = !/^[\d.]+$|:/.test(host)
    const socket = connect({
      host,
      port: Number(port),
      ...own,
      ...(isName && { servername: host }),
      ALPNProtocols: ['h2'],
    })
    const end = (error?: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(error)
    }
    let timer = setTimeout(end, PATIENCE_MS)
    socket.once('error', end)
    socket.once('secureConnect', () => {
      clearTimeout(timer)
      timer = setTimeout(end, REFUSAL_MS)
      socket.resume()
    })
  })
}
