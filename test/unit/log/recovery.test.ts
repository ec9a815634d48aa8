/** What a start makes of segment files, whole or hurt. Small files made by hand; segments.test.ts has the real ones. */
import { randomUUID } from 'node:crypto'
import { access, readFile, truncate, writeFile } from 'node:fs/promises'
import test, { type ExecutionContext } from 'ava'
import { OperatorError } from '../../../server/base/failure.ts'
import { silent } from '../../../server/base/logger.ts'
import { encodeGroup, SEGMENT_HEADER_SIZE, segmentHeader } from '../../../server/log/local/frame.ts'
import { recoverSegments, segmentPath } from '../../../server/log/local/recovery.ts'
import { tempFolder } from '../../helpers/temp.ts'

const partition = randomUUID()

/** Groups of two records each, with sequences from `sequence` on. */
function groups(sequence: number, count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const position = 2 * (sequence + index) - 1
    const record = (position: number) => ({ partition, position, bytes: Buffer.from(`entry ${position}`) })
    return encodeGroup(sequence + index, [record(position), record(position + 1)]).bytes
  })
}

async function positions(folder: string): Promise<number[]> {
  const { segments } = await recoverSegments(folder, silent)
  return segments.flatMap(({ places }) => places.map(({ position }) => position))
}

async function refuses(t: ExecutionContext, folder: string, file: string, message: RegExp): Promise<void> {
  const before = await readFile(file)
  const error = await t.throwsAsync(recoverSegments(folder, silent), { instanceOf: OperatorError })
  t.true(error!.message.includes(file))
  t.regex(error!.message, message)
  t.is(Buffer.compare(await readFile(file), before), 0, 'nothing was changed')
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

test('a folder with nothing in it, or with files of others', async t => {
  const folder = await tempFolder(t)
  t.deepEqual(await recoverSegments(folder, silent), { segments: [], lastSequence: 0, lastNumber: 0 })
  await writeFile(`${folder}/notes.txt`, 'mine')
  await writeFile(`${folder}/12.log`, 'mine')
  t.deepEqual(await recoverSegments(folder, silent), { segments: [], lastSequence: 0, lastNumber: 0 })
})

test('places lead to the bytes that were written', async t => {
  const folder = await tempFolder(t)
  const file = segmentPath(folder, 5)
  await writeFile(file, Buffer.concat([segmentHeader(), ...groups(1, 3)]))
  const { segments, lastSequence, lastNumber } = await recoverSegments(folder, silent)
  t.deepEqual([lastSequence, lastNumber, segments.length], [3, 5, 1])
  const bytes = await readFile(file)
  for (const { position, offset, length } of segments[0]!.places)
    t.is(bytes.toString('utf8', offset, offset + length), `entry ${position}`)
})

test('the last group, hurt at any byte, is cut off; those before it stay, and a second start finds the same', async t => {
  const folder = await tempFolder(t)
  const file = segmentPath(folder, 1)
  const whole = Buffer.concat([segmentHeader(), ...groups(1, 3)])
  const last = whole.length - groups(3, 1)[0]!.length
  const hurt: ((bytes: Buffer, at: number) => Buffer)[] = [
    (bytes, at) => bytes.subarray(0, at),
    (bytes, at) => Buffer.concat([bytes.subarray(0, at), Buffer.alloc(bytes.length - at + 100)]),
    (bytes, at) => Buffer.concat([bytes.subarray(0, last), Buffer.alloc(at - last), bytes.subarray(at)]),
    (bytes, at) => Buffer.concat([bytes.subarray(0, at), Buffer.of(bytes[at]! ^ 0x55), bytes.subarray(at + 1)]),
    (bytes, at) =>
      Buffer.concat([bytes.subarray(0, at), Buffer.of(bytes[at]! ^ 1), bytes.subarray(at + 1), Buffer.alloc(50)]),
  ]
  for (const [kind, damage] of hurt.entries()) {
    for (let at = last + 1; at < whole.length; at++) {
      await writeFile(file, damage(whole, at))
      const found = await positions(folder)
      if (found.join() !== '1,2,3,4') return t.fail(`damage ${kind} at byte ${at} left ${found}`)
      const size = (await readFile(file)).length
      if (size !== last) return t.fail(`damage ${kind} at byte ${at} left ${size} bytes, not ${last}`)
      if ((await positions(folder)).join() !== '1,2,3,4') return t.fail(`damage ${kind} at byte ${at}: second start`)
    }
  }
  t.pass()
})

test('zeros that a file was filled with are no damage, and are given back', async t => {
  const folder = await tempFolder(t)
  const file = segmentPath(folder, 1)
  const content = Buffer.concat([segmentHeader(), ...groups(1, 2)])
  await writeFile(file, content)
  await truncate(file, 1_000_000)
  t.deepEqual(await positions(folder), [1, 2, 3, 4])
  t.is(Buffer.compare(await readFile(file), content), 0)
})

test('files that hold nothing are removed, and their numbers are not given again', async t => {
  const folder = await tempFolder(t)
  await writeFile(segmentPath(folder, 1), Buffer.concat([segmentHeader(), ...groups(1, 1)]))
  await writeFile(segmentPath(folder, 2), Buffer.concat([segmentHeader(), Buffer.alloc(1000)]))
  await writeFile(segmentPath(folder, 3), Buffer.alloc(1000))
  await writeFile(segmentPath(folder, 4), '')
  const recovered = await recoverSegments(folder, silent)
  t.deepEqual(
    recovered.segments.map(({ number }) => number),
    [1],
  )
  t.is(recovered.lastNumber, 4)
  t.deepEqual(await Promise.all([1, 2, 3, 4].map(number => exists(segmentPath(folder, number)))), [
    true,
    false,
    false,
    false,
  ])
})

test('groups go on over files', async t => {
  const folder = await tempFolder(t)
  await writeFile(segmentPath(folder, 7), Buffer.concat([segmentHeader(), ...groups(10, 2), Buffer.alloc(64)]))
  await writeFile(segmentPath(folder, 9), Buffer.concat([segmentHeader(), ...groups(12, 2), Buffer.from('TVgp torn')]))
  await writeFile(segmentPath(folder, 10), Buffer.concat([segmentHeader(), Buffer.alloc(64)]))
  const { segments, lastSequence } = await recoverSegments(folder, silent)
  t.deepEqual(
    segments.flatMap(({ places }) => places.map(({ position }) => position)),
    [19, 20, 21, 22, 23, 24, 25, 26],
  )
  t.is(lastSequence, 13)
})

test('damage before an intact group, in the same file, is refused', async t => {
  const folder = await tempFolder(t)
  const file = segmentPath(folder, 1)
  const whole = Buffer.concat([segmentHeader(), ...groups(1, 3)])
  const last = whole.length - groups(3, 1)[0]!.length
  for (let at = SEGMENT_HEADER_SIZE; at < last; at += 7) {
    const hurt = Buffer.from(whole)
    hurt[at]! ^= 0xff
    await writeFile(file, hurt)
    await refuses(t, folder, file, /is damaged at byte \d+.*Restore the data folder from a backup/)
  }
  await writeFile(file, Buffer.concat([Buffer.alloc(SEGMENT_HEADER_SIZE), whole.subarray(SEGMENT_HEADER_SIZE)]))
  await refuses(t, folder, file, /is damaged at byte 0/)
})

test('damage before an intact group, in a later file, is refused', async t => {
  const folder = await tempFolder(t)
  const file = segmentPath(folder, 1)
  const whole = Buffer.concat([segmentHeader(), ...groups(1, 2)])
  await writeFile(file, whole.subarray(0, -3))
  await writeFile(segmentPath(folder, 2), Buffer.concat([segmentHeader(), ...groups(3, 1)]))
  await refuses(t, folder, file, /is damaged/)
})

test('a missing file, a file from elsewhere, and a file twice are refused', async t => {
  const folder = await tempFolder(t)
  await writeFile(segmentPath(folder, 1), Buffer.concat([segmentHeader(), ...groups(1, 2)]))
  for (const sequence of [4, 2, 1]) {
    const file = segmentPath(folder, 3)
    await writeFile(file, Buffer.concat([segmentHeader(), ...groups(sequence, 2)]))
    await refuses(t, folder, file, /does not continue, at byte 8, what was written before it/)
  }
})

test('a file of a newer version is refused', async t => {
  const folder = await tempFolder(t)
  const file = segmentPath(folder, 1)
  const newer = Buffer.concat([segmentHeader(), ...groups(1, 1)])
  newer[SEGMENT_HEADER_SIZE - 1]! += 1
  await writeFile(file, newer)
  await refuses(t, folder, file, /was written by a newer Tavola \(log format 2, this one reads up to 1\)/)
})
