/** The floor: the same web framework, parsing the same requests and printing the same answers, with no database behind it. */
import Koa from 'koa'
import { itemOf, type Operation } from './workload.ts'

const items = Array.from({ length: 20 }, (_, index) => itemOf(index))

function answer(operation: string): object {
  if (operation === 'GetItem') return { Item: items[0] }
  if (operation === 'Query') return { Count: 20, Items: items, ScannedCount: 20 }
  if (operation === 'BatchWriteItem') return { UnprocessedItems: {} }
  return {}
}

const app = new Koa()
app.use(async ctx => {
  const chunks: Buffer[] = []
  for await (const chunk of ctx.req) chunks.push(chunk)
  JSON.parse(Buffer.concat(chunks).toString())
  const operation = (ctx.req.headers['x-amz-target'] as string).split('.')[1] as Operation
  ctx.set('Content-Type', 'application/x-amz-json-1.0')
  ctx.body = JSON.stringify(answer(operation))
})
const server = app.listen(Number(process.argv[2]), '127.0.0.1', () =>
  console.log(`floor on ${JSON.stringify(server.address())}`),
)
