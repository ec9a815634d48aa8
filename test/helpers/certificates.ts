/** Certificates for a test, made by openssl. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TlsFiles } from '../../server/node/cluster.ts'
import type { Tls } from '../../server/rpc/tls.ts'

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
const DAYS = ['-days', '2']
const HERE = ['IP:127.0.0.1', 'DNS:localhost']

/** An authority, and a certificate that it has signed: for this machine, unless other `names` are given. @returns their files, in `folder` */
export async function issue(folder: string, name: string, names = HERE): Promise<TlsFiles> {
  const ca = `${name}-ca`
  await openssl(
    folder,
    'req',
    '-x509',
    ...KEY,
    ...DAYS,
    '-subj',
    `/CN=${ca}`,
    '-keyout',
    `${ca}.key`,
    '-out',
    `${ca}.pem`,
  )
  return sign(folder, ca, `${name}-node`, names)
}

/** Another certificate of the authority that `issue` made under the name. */
export function issueAnother(folder: string, name: string, own: string, names: string[]): Promise<TlsFiles> {
  return sign(folder, `${name}-ca`, own, names)
}

async function sign(folder: string, ca: string, node: string, names: string[]): Promise<TlsFiles> {
  await openssl(folder, 'req', ...KEY, '-subj', '/CN=node', '-keyout', `${node}.key`, '-out', `${node}.csr`)
  await writeFile(join(folder, `${node}.san`), `subjectAltName=${names.join()}`)
  const signing = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-extfile', `${node}.san`]
  await openssl(folder, 'x509', '-req', '-in', `${node}.csr`, ...signing, ...DAYS, '-out', `${node}.pem`)
  const path = (file: string) => join(folder, file)
  return { ca: path(`${ca}.pem`), certificate: path(`${node}.pem`), key: path(`${node}.key`) }
}

async function openssl(cwd: string, ...args: string[]): Promise<void> {
  await promisify(execFile)('openssl', args, { cwd })
}

export async function read({ ca, certificate, key }: TlsFiles): Promise<Tls> {
  return { ca: await readFile(ca), certificate: await readFile(certificate), key: await readFile(key) }
}
