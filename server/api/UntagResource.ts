import { validation } from '../model/errors.ts'
import { operation } from './operation.ts'
import { resourceArn } from './shape/common.ts'
import { list, required, string, structure } from './shape/shape.ts'
import { checkExists } from './table/inuse.ts'
import { findTagged } from './table/tagged.ts'

/** Keys that are not there are no error. */
export const untagResource = operation({
  name: 'UntagResource',
  input: structure({
    ResourceArn: required(resourceArn),
    TagKeys: required(list(string({ min: 1, max: 128 }))),
  }),
  async handle({ ResourceArn, TagKeys }, call) {
    if (TagKeys.length === 0) throw validation('Atleast one Tag Key needs to be provided as Input.')
    const gone = new Set(TagKeys)
    const { name } = findTagged(call, ResourceArn)
    await call.cluster.tables.change(name, current => {
      checkExists(current)
      return { ...current, tags: current.tags.filter(tag => !gone.has(tag.Key)) }
    })
    return undefined
  },
})
