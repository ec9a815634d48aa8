/** What the API server refuses of Tables, and in which words; what it fills in; what may be changed. */
type Spec = { [field: string]: unknown }

const KEYS = {
  attributeDefinitions: [{ attributeName: 'id', attributeType: 'S' }],
  keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
}
const hash = (attributeName: string) => ({ attributeName, keyType: 'HASH' })
const range = (attributeName: string) => ({ attributeName, keyType: 'RANGE' })
const defined = (attributeName: string) => ({ attributeName, attributeType: 'S' })
const SORTED = { attributeDefinitions: [defined('id'), defined('at')], keySchema: [hash('id'), range('at')] }
const index = (indexName: string, members: object = {}) => ({
  ...{ indexName, keySchema: [hash('id')], projection: { projectionType: 'ALL' } },
  ...members,
})
const local = (indexName: string) => index(indexName, { keySchema: [hash('id'), range('at')] })

export const PLAIN = KEYS

/** Undefined takes a field away. */
export const taken: [what: string, spec: Spec][] = [
  ['the least there can be', {}],
  [
    'what ACK’s own example has',
    {
      tableName: 'Orders_1.a-b',
      ...SORTED,
      billingMode: 'PROVISIONED',
      provisionedThroughput: { readCapacityUnits: 5, writeCapacityUnits: 5 },
      continuousBackups: { pointInTimeRecoveryEnabled: true },
      contributorInsights: 'ENABLE',
      deletionProtectionEnabled: false,
      globalSecondaryIndexes: [
        index('one', { provisionedThroughput: { readCapacityUnits: 1, writeCapacityUnits: 1 } }),
      ],
      localSecondaryIndexes: [local('two')],
      sseSpecification: { enabled: true, sseType: 'KMS', kmsMasterKeyID: 'alias/aws/dynamodb' },
      streamSpecification: { streamEnabled: true, streamViewType: 'NEW_AND_OLD_IMAGES' },
      tableClass: 'STANDARD',
      tags: [{ key: 'team', value: 'shop' }],
      timeToLive: { attributeName: 'ttl', enabled: true },
    },
  ],
  [
    'a table that is restored needs no keys',
    { attributeDefinitions: undefined, keySchema: undefined, restoreFrom: { backup: { name: 'b' } } },
  ],
  ['a shared pool may have fewer nodes than there are replicas', { storage: { pool: 'small', nodes: 1 }, replicas: 3 }],
  [
    'keys of several attributes for an index',
    {
      attributeDefinitions: [defined('id'), defined('a'), defined('b')],
      globalSecondaryIndexes: [index('one', { keySchema: [hash('a'), hash('b'), range('id')] })],
    },
  ],
]

export const refused: [what: string, spec: Spec, message: RegExp][] = [
  ['no keys', { keySchema: undefined }, /keySchema must be given, unless the table is restored/],
  ['no definitions', { attributeDefinitions: undefined }, /attributeDefinitions must be given, unless/],
  ['keys that are not defined', { keySchema: [hash('other')] }, /each attribute of keySchema must be defined/],
  ['the sort key first', { ...SORTED, keySchema: [range('at'), hash('id')] }, /names the partition key \(HASH\) first/],
  ['two partition keys', { ...SORTED, keySchema: [hash('at'), hash('id')] }, /names the partition key \(HASH\) first/],
  ['one attribute for both keys', { keySchema: [hash('id'), range('id')] }, /must be different attributes/],
  ['three keys', { keySchema: [hash('id'), range('id'), range('x')] }, /must have at most 2 items/],
  [
    'an unknown type',
    { attributeDefinitions: [{ attributeName: 'id', attributeType: 'M' }] },
    /Unsupported value: "M"/,
  ],
  ['an attribute defined twice', { attributeDefinitions: [defined('id'), defined('id')] }, /Duplicate value/],
  ['a name with blanks', { tableName: 'my table' }, /consists of letters, digits, underscores, dashes and dots/],
  ['a short name', { tableName: 'ab' }, /at least 3 chars/],
  ['PROVISIONED without units', { billingMode: 'PROVISIONED' }, /provisionedThroughput must be given/],
  [
    'units with PAY_PER_REQUEST',
    { billingMode: 'PAY_PER_REQUEST', provisionedThroughput: { readCapacityUnits: 1, writeCapacityUnits: 1 } },
    /provisionedThroughput cannot be given/,
  ],
  [
    'ceilings with units',
    {
      onDemandThroughput: { maxReadRequestUnits: 1 },
      provisionedThroughput: { readCapacityUnits: 1, writeCapacityUnits: 1 },
    },
    /give one of them/,
  ],
  [
    'no units at all',
    { provisionedThroughput: { readCapacityUnits: 0, writeCapacityUnits: 1 } },
    /greater than or equal to 1/,
  ],
  ['an unknown billing mode', { billingMode: 'FREE' }, /Unsupported value: "FREE"/],
  ['a local index without a sort key', { localSecondaryIndexes: [local('one')] }, /needs a sort key/],
  [
    'six local indexes',
    { ...SORTED, localSecondaryIndexes: ['l-1', 'l-2', 'l-3', 'l-4', 'l-5', 'l-6'].map(local) },
    /must have at most 5 items/,
  ],
  [
    '21 global indexes',
    { globalSecondaryIndexes: Array.from({ length: 21 }, (_, i) => index(`g-${i}`)) },
    /must have at most 20 items/,
  ],
  ['an index twice', { globalSecondaryIndexes: [index('one'), index('one')] }, /Duplicate value/],
  [
    'attributes of a projection of ALL',
    { globalSecondaryIndexes: [index('one', { projection: { projectionType: 'ALL', nonKeyAttributes: ['a'] } })] },
    /nonKeyAttributes go with projectionType INCLUDE/,
  ],
  [
    'a projection of INCLUDE without attributes',
    { globalSecondaryIndexes: [index('one', { projection: { projectionType: 'INCLUDE' } })] },
    /nonKeyAttributes go with projectionType INCLUDE/,
  ],
  [
    'attributes of a local projection of ALL',
    {
      ...SORTED,
      localSecondaryIndexes: [
        index('one', {
          keySchema: [hash('id'), range('at')],
          projection: { projectionType: 'ALL', nonKeyAttributes: ['a'] },
        }),
      ],
    },
    /nonKeyAttributes go with/,
  ],
  ['a stream without a view', { streamSpecification: { streamEnabled: true } }, /streamViewType must be given/],
  ['a key without encryption', { sseSpecification: { enabled: false, sseType: 'KMS' } }, /go with enabled true/],
  ['a time to live without attribute', { timeToLive: { enabled: true } }, /attributeName must be given/],
  ['a tag of AWS’s own', { tags: [{ key: 'aws:x', value: '' }] }, /cannot begin with aws:/],
  ['a tag twice', { tags: [{ key: 'a' }, { key: 'a' }] }, /Duplicate value/],
  ['51 tags', { tags: Array.from({ length: 51 }, (_, i) => ({ key: `k${i}` })) }, /must have at most 50 items/],
  [
    'days of recovery without recovery',
    { continuousBackups: { recoveryPeriodInDays: 3 } },
    /goes with pointInTimeRecoveryEnabled true/,
  ],
  [
    '36 days of recovery',
    { continuousBackups: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: 36 } },
    /less than or equal to 35/,
  ],
  ['insights that are neither on nor off', { contributorInsights: 'ON' }, /Unsupported value: "ON"/],
  ['a class that is none', { tableClass: 'GLACIER' }, /Unsupported value: "GLACIER"/],
  ['fewer nodes than replicas', { storage: { nodes: 2 } }, /storage.nodes must be at least replicas/],
  ['six replicas', { replicas: 6, storage: { nodes: 6 } }, /less than or equal to 5/],
  ['no replica', { replicas: 0 }, /greater than or equal to 1/],
  ['101 nodes', { storage: { nodes: 101 } }, /less than or equal to 100/],
  ['no partition', { partitions: 0 }, /greater than or equal to 1/],
  ['a size that is none', { storage: { size: 'large' } }, /must be a quantity, such as 20Gi/],
  ['a tiny volume', { storage: { size: '1Mi' } }, /must be 64Mi or more/],
  ['a pool with capitals', { storage: { pool: 'Small' } }, /consists of lower-case letters, digits and dashes/],
  ['a zone twice', { zones: ['a', 'a'] }, /Duplicate value/],
  ['an unknown policy', { deletionPolicy: 'Keep' }, /Unsupported value: "Keep"/],
  [
    'two things to restore from',
    { restoreFrom: { backup: { name: 'b' }, pointInTime: { tableName: 'abc' } } },
    /must have at most 1 (item|propert)/,
  ],
  ['nothing to restore from', { restoreFrom: {} }, /should have at least 1 propert/],
  [
    'a backup by name and by ARN',
    { restoreFrom: { backup: { name: 'b', arn: 'a'.repeat(40) } } },
    /give either name, of a Backup/,
  ],
]

export const fixed: [what: string, before: Spec, after: Spec, message: RegExp][] = [
  ['the keys', SORTED, { keySchema: [hash('id')] }, /keySchema cannot be changed/],
  [
    'the keys, taken away',
    { restoreFrom: { backup: { name: 'b' } } },
    { keySchema: undefined },
    /keySchema cannot be removed/,
  ],
  ['the name', { tableName: 'one' }, { tableName: 'two' }, /tableName cannot be changed/],
  ['the name, given later', {}, { tableName: 'two' }, /tableName cannot be changed/],
  ['the number of partitions', { partitions: 2 }, { partitions: 3 }, /partitions cannot be changed/],
  [
    'local indexes',
    { ...SORTED, localSecondaryIndexes: [local('one')] },
    { localSecondaryIndexes: [local('two')] },
    /localSecondaryIndexes cannot be changed/,
  ],
  ['local indexes, added', SORTED, { localSecondaryIndexes: [local('one')] }, /cannot be added or removed/],
  [
    'an index’s keys',
    { globalSecondaryIndexes: [index('one')] },
    { globalSecondaryIndexes: [index('one', { keySchema: [hash('x')] })] },
    /index's keySchema cannot be changed/,
  ],
  [
    'an index’s projection',
    { globalSecondaryIndexes: [index('one')] },
    { globalSecondaryIndexes: [index('one', { projection: { projectionType: 'KEYS_ONLY' } })] },
    /index's projection cannot be changed/,
  ],
  ['the pool', { storage: { pool: 'one' } }, { storage: { pool: 'two' } }, /storage.pool cannot be changed/],
  [
    'the class of volumes',
    { storage: { storageClassName: 'one' } },
    { storage: { storageClassName: 'two' } },
    /storageClassName cannot be changed/,
  ],
  ['a smaller volume', { storage: { size: '2Gi' } }, { storage: { size: '1900Mi' } }, /storage.size can only grow/],
  [
    'what it was made from',
    { restoreFrom: { backup: { name: 'b' } } },
    { restoreFrom: { backup: { name: 'c' } } },
    /restoreFrom cannot be changed/,
  ],
]

export const changeable: [what: string, before: Spec, after: Spec][] = [
  ['the size', { storage: { size: '2Gi' } }, { storage: { size: '2049Mi' } }],
  ['the nodes', { storage: { nodes: 3 } }, { storage: { nodes: 5 } }],
  [
    'the billing',
    {},
    { billingMode: 'PROVISIONED', provisionedThroughput: { readCapacityUnits: 1, writeCapacityUnits: 1 } },
  ],
  ['an index comes', {}, { globalSecondaryIndexes: [index('one')] }],
  [
    'an index goes',
    { globalSecondaryIndexes: [index('one'), index('two')] },
    { globalSecondaryIndexes: [index('two')] },
  ],
  ['replicas and zones', {}, { replicas: 2, zones: ['zone-1', 'zone-2'] }],
  [
    'keys become known',
    { attributeDefinitions: undefined, keySchema: undefined, restoreFrom: { backup: { name: 'b' } } },
    KEYS,
  ],
]
