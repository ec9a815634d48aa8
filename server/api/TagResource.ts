import { validation } from '../model/errors.ts'
import { operation } from './operation.ts'
import { resourceArn, tags } from './shape/common.ts'
import { required, structure } from './shape/shape.ts'
import { checkExists } from './table/inuse.ts'
import { findTagged } from './table/tagged.ts'
import { checkTags, mergeTags } from './table/tags.ts'

export const tagResource = operation({
  name: 'TagResource',
  input: structure({ ResourceArn: required(resourceArn), Tags: required(tags) }),
  async handle({ ResourceArn, Tags }, call) {
    if (Tags.length === 0) throw validation('Atleast one Tag needs to be provided as Input.')
    checkTags(Tags)
    const { name } = findTagged(call, ResourceArn)
    await call.cluster.tables.change(name, current => {
      checkExists(current)
      return { ...current, tags: mergeTags(current.tags, Tags) }
    })
    return undefined
  },
})
