/** Valid requests for what hangs on tables: policies, insights, and what is only found in Amazon's cloud. */
import { type Make, maybe, target } from './parts.ts'
import { resource } from './tablerequests.ts'

const revision: Make = random => maybe(random, 0.2, () => ({ ExpectedRevisionId: random.pick(['NO_POLICY', '1']) }))

export const putPolicy: Make = (random, table) => ({
  ...resource(random, table),
  ...revision(random, table),
  Policy: JSON.stringify({
    Version: '2012-10-17',
    Statement: random.some(1, 3, () => ({
      Effect: random.pick(['Allow', 'deny']),
      Principal: random.pick<unknown>([
        '*',
        { AWS: '123456789012' },
        { Service: ['a', 'a'] },
        JSON.parse('{"__proto__":"x"}'),
      ]),
      Action: random.pick<unknown>(['dynamodb:*', ['dynamodb:GetItem']]),
      Resource: '*',
      ...maybe(random, 0.5, () => ({ Condition: { Bool: { 'aws:SecureTransport': random.chance(0.5) } } })),
    })),
  }),
})

export const deletePolicy: Make = (random, table) => ({ ...resource(random, table), ...revision(random, table) })

const indexed: Make = (random, { global }) =>
  maybe(random, 0.3, () => ({ IndexName: global.length > 0 ? random.pick(global).name : 'constructor' }))

export const describeInsights: Make = (random, table) => ({ ...target(random, table), ...indexed(random, table) })

export const updateInsights: Make = (random, table) => ({
  ...describeInsights(random, table),
  ContributorInsightsAction: random.pick(['ENABLE', 'ENABLE', 'DISABLE']),
  ...maybe(random, 0.3, () => ({
    ContributorInsightsMode: random.pick(['ACCESSED_AND_THROTTLED_KEYS', 'THROTTLED_KEYS']),
  })),
})

export const listInsights: Make = (random, table) => ({
  ...maybe(random, 0.5, () => target(random, table)),
  ...maybe(random, 0.5, () => ({ MaxResults: 1 + random.below(3) })),
})

export const kinesis: Make = (random, table) => ({
  ...target(random, table),
  StreamArn: `arn:aws:kinesis:us-east-1:123456789012:stream/${random.pick(['a', 'b', '__proto__'])}`,
})

export const globalTable: Make = (_, { name }) => ({ GlobalTableName: name })

export const searchVectors: Make = (random, table) => ({
  ...target(random, table),
  IndexName: 'vectors',
  SearchVector: [{ N: '1' }, { N: '-0.5' }],
  TopK: 1 + random.below(9),
})
