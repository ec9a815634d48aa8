/** PutResourcePolicy: gives a table or a stream its policy, in place of any other. */
import { operation } from './operation.ts'
import { canonicalPolicy } from './policy/document.ts'
import { checkRevision, findHolder, nextRevision, policyOf, withPolicy } from './policy/resource.ts'
import { resourceArn, revisionId } from './shape/common.ts'
import { boolean, required, string, structure } from './shape/shape.ts'
import { checkExists } from './table/inuse.ts'

/** A policy that is equivalent to the present one changes nothing, its revision included. */
export const putResourcePolicy = operation({
  name: 'PutResourcePolicy',
  input: structure({
    ResourceArn: required(resourceArn),
    Policy: required(string()),
    ExpectedRevisionId: revisionId,
    ConfirmRemoveSelfResourceAccess: boolean(),
  }),
  async handle({ ResourceArn, Policy, ExpectedRevisionId }, call) {
    const document = canonicalPolicy(Policy)
    const { table, label } = findHolder(call, ResourceArn)
    const changed = await call.cluster.tables.change(table.name, (current, now) => {
      checkExists(current)
      const present = policyOf(current, label)
      checkRevision(current, present, ExpectedRevisionId)
      if (present?.document === document) return current
      return withPolicy(current, label, { document, revisionId: nextRevision(present, now) })
    })
    return { RevisionId: policyOf(changed, label)!.revisionId }
  },
})
