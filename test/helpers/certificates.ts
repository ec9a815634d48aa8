/** Certificates for a test, made by openssl. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TlsFiles } from '../../server/node/cluster.ts'
import type { Tls } from '../../server/rpc/tls.ts'

/** An authority, and a certificate that it has signed: for this machine, unless other `names` are given. @returns their files, in `folder` */
export async function issue(
  folder: string,
  name: string,
  names = ['IP:127.0.0.1', 'DNS:localhost'],
): Promise<TlsFiles> {
  const openssl = (...args: string[]) => promisify(execFile)('openssl', args, { cwd: folder })
  const days = ['-days', '2']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const [ca, node] = [`${name}-ca`, `${name}-node`]
  const own = ['-subj', `/CN=${ca}`, '-keyout', `${ca}.key`, '-out', `${ca}.pem`]
  await openssl('req', '-x509', ...key, ...days, ...own)
  await openssl('req', ...key, '-subj', '/CN=node', '-keyout', `${node}.key`, '-out', `${node}.csr`)
  await writeFile(join(folder, `${name}.san`), `subjectAltName=${names.join()}`)
  const signing = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-extfile', `${name}.san`]
  await openssl('x509', '-req', '-in', `${node}.csr`, ...signing, ...days, '-out', `${node}.pem`)
  const path = (file: string) => join(folder, file)
  return { ca: path(`${ca}.pem`), certificate: path(`${node}.pem`), key: path(`${node}.key`) }
}

export async function read({ ca, certificate, key }: TlsFiles): Promise<Tls> {
  return { ca: await readFile(ca), certificate: await readFile(certificate), key: await readFile(key) }
}
