/** Random statements beside the requests that say the same. */
import { type Random, randomOf } from '../random.ts'
import { checkBatch } from './batches.ts'
import { checkSelect, checkWrite } from './check.ts'
import { clientOf, Difference, type Send } from './client.ts'
import { anySelect } from './selects.ts'
import { compareTwins, fill, makeTwins, type Twins } from './twins.ts'
import { anyWrite } from './writes.ts'

const ITEMS = 14
/** How often whole tables are compared. */
const COMPARED_EVERY = 200

export type Numbers = { seed: number; statements: number; progress?: (line: string) => void }

/** How often which kind of statement came to what. */
export type Tally = Map<string, number>

/** @throws Difference, which names the statement and how to repeat it */
export async function runCampaign(endpoint: string, { seed, statements, progress }: Numbers): Promise<Tally> {
  const send = clientOf(endpoint)
  const twins = await makeTwins(send)
  for (const [i, pair] of twins.entries()) await fill(send, randomOf(seed, -1 - i), pair, ITEMS)
  const tally: Tally = new Map()
  for (let number = 0; number < statements; number++) {
    const random = randomOf(seed, number)
    const verdict = await step(send, random, random.pick(twins), number)
    tally.set(verdict, (tally.get(verdict) ?? 0) + 1)
    if (number % COMPARED_EVERY === 0) for (const pair of twins) await compareTwins(send, pair)
    if (number % 5000 === 4999) progress?.(`${number + 1} statements`)
  }
  for (const pair of twins) await compareTwins(send, pair)
  return tally
}

async function step(send: Send, random: Random, twins: Twins, number: number): Promise<string> {
  const kind = random.weighted([
    [5, 'select'],
    [4, 'write'],
    [1, 'batch'],
  ])
  const seen: unknown[] = []
  const noting: Send = (operation, request) => {
    seen.push({ [operation]: request })
    return send(operation, request)
  }
  try {
    if (kind === 'select') return `select ${await checkSelect(noting, random, twins, anySelect(random, twins))}`
    if (kind === 'batch') return `batch ${await checkBatch(noting, random, twins)}`
    const pair = anyWrite(random, twins)
    return `${pair.operation} ${await checkWrite(noting, random, pair)}`
  } catch (error) {
    if (!(error instanceof Difference)) throw error
    const requests = seen.map(request => `  ${JSON.stringify(request)}`).join('\n')
    throw new Difference(`statement ${number}: ${error.message}\n${requests}`)
  }
}
