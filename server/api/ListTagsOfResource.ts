import { validation } from '../model/errors.ts'
import { operation } from './operation.ts'
import { resourceArn } from './shape/common.ts'
import { required, string, structure } from './shape/shape.ts'
import { findTagged } from './table/tagged.ts'

const PAGE = 10

/** In key order, so that pages stay in step with one another while tags change. */
export const listTagsOfResource = operation({
  name: 'ListTagsOfResource',
  input: structure({ ResourceArn: required(resourceArn), NextToken: string() }),
  handle({ ResourceArn, NextToken }, call) {
    const { tags } = findTagged(call, ResourceArn)
    const after = NextToken === undefined ? undefined : keyOf(NextToken)
    const rest = tags.filter(tag => after === undefined || tag.Key > after).sort((a, b) => (a.Key < b.Key ? -1 : 1))
    const page = rest.slice(0, PAGE)
    return { Tags: page, NextToken: rest.length > PAGE ? tokenOf(page.at(-1)!.Key) : undefined }
  },
})

/** A page token is the last key of its page, in base64. */
function tokenOf(key: string): string {
  return Buffer.from(key).toString('base64')
}

function keyOf(token: string): string {
  const key = Buffer.from(token, 'base64').toString()
  if (tokenOf(key) !== token) throw validation('Invalid NextToken provided')
  return key
}
