/** The floor: the same web framework, parsing the same requests and printing the same answers, with no database behind it. */
import Koa from 'koa'
import { ITEM_BYTES, OPERATIONS, operationOf } from './workload.ts'

const answers = new Map<string, object>()

/** Asked before the operations that are measured. The place in the stream tells the size of the items. */
const PREPARATION: { [operation: string]: (bytes: number) => object } = {
  ListTables: () => ({ TableNames: [] }),
  CreateTable: () => ({}),
  DescribeTable: bytes => ({ Table: { TableStatus: 'ACTIVE', LatestStreamArn: `Bench.${bytes}.` } }),
  DescribeStream: () => ({ StreamDescription: { Shards: [{ ShardId: '1' }] } }),
  GetShardIterator: bytes => ({ ShardIterator: `Bench.${bytes}.` }),
}

/** What the operation answers about a table of such items; made once, printed every time. */
function answer(operation: string, bytes: number): object {
  const key = `${operation} ${bytes}`
  let known = answers.get(key)
  if (known === undefined) {
    known = PREPARATION[operation]?.(bytes) ?? OPERATIONS[operationOf(operation)].answer(bytes)
    answers.set(key, known)
  }
  return known
}

const app = new Koa()
app.use(async ctx => {
  const chunks: Buffer[] = []
  for await (const chunk of ctx.req) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  const { TransactItems } = JSON.parse(text) as { TransactItems?: object[] }
  const name = (ctx.req.headers['x-amz-target'] as string).split('.')[1]!
  const operation = TransactItems ? `${name} ${TransactItems.length}` : name
  ctx.set('Content-Type', 'application/x-amz-json-1.0')
  ctx.body = JSON.stringify(answer(operation, Number(ITEM_BYTES.exec(text)?.[1])))
})
app.listen(Number(process.argv[2]), '127.0.0.1')
