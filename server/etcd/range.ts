/** Keys by prefix, as etcd lists them. */
import type { IKeyValue } from 'etcd3'
import type { EtcdClient } from './client.ts'

const PAGE = 500

/** What follows all keys that begin with `prefix`, which ends in ASCII. */
export function prefixEnd(prefix: string): Buffer {
  const end = Buffer.from(prefix)
  end[end.length - 1]! += 1
  return end
}

/** All keys that begin with `prefix`, in order, as of `revision`. Errors: EtcdUnavailable. */
export async function listPrefix(
  client: EtcdClient,
  prefix: string,
  keysOnly = false,
): Promise<{ found: IKeyValue[]; revision: number }> {
  const range = { range_end: prefixEnd(prefix), limit: PAGE, keys_only: keysOnly }
  const found: IKeyValue[] = []
  let key = Buffer.from(prefix)
  let revision = 0
  while (true) {
    const page = await client.repeat(member => member.kv.range({ ...range, key, revision }))
    found.push(...page.kvs)
    revision ||= Number(page.header.revision)
    if (!page.more) return { found, revision }
    key = Buffer.concat([page.kvs.at(-1)!.key, Buffer.from([0])])
  }
}
