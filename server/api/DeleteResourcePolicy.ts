/** DeleteResourcePolicy: takes the policy of a table or a stream away; that there is none is a success. */
import type { ResourcePolicy } from '../model/table.ts'
import { operation } from './operation.ts'
import { checkRevision, findHolder, nextRevision, policyOf, withPolicy } from './policy/resource.ts'
import { resourceArn, revisionId } from './shape/common.ts'
import { required, structure } from './shape/shape.ts'
import { checkExists } from './table/inuse.ts'

/** Answers with the revision that is gone; without a policy, with that of its removal, if there ever was one. */
export const deleteResourcePolicy = operation({
  name: 'DeleteResourcePolicy',
  input: structure({ ResourceArn: required(resourceArn), ExpectedRevisionId: revisionId }),
  async handle({ ResourceArn, ExpectedRevisionId }, call) {
    const { table, label } = findHolder(call, ResourceArn)
    let removed: ResourcePolicy | undefined
    await call.cluster.tables.change(table.name, (current, now) => {
      checkExists(current)
      removed = policyOf(current, label)
      checkRevision(current, removed, ExpectedRevisionId)
      if (removed?.document === undefined) return current
      return withPolicy(current, label, { revisionId: nextRevision(removed, now) })
    })
    return { RevisionId: removed?.revisionId }
  },
})
