/** GetResourcePolicy: the policy of a table or a stream, in its canonical form. */
import { operation } from './operation.ts'
import { findHolder, noPolicy, policyOf } from './policy/resource.ts'
import { resourceArn } from './shape/common.ts'
import { required, structure } from './shape/shape.ts'

export const getResourcePolicy = operation({
  name: 'GetResourcePolicy',
  input: structure({ ResourceArn: required(resourceArn) }),
  handle({ ResourceArn }, call) {
    const { table, label } = findHolder(call, ResourceArn)
    const policy = policyOf(table, label)
    if (policy?.document === undefined) throw noPolicy(ResourceArn)
    return { Policy: policy.document, RevisionId: policy.revisionId }
  },
})
