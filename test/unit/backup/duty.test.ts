import test from 'ava'
import { type Chore, Duty, goOn } from '../../../server/backup/duty.ts'
import { silent } from '../../../server/base/logger.ts'
import { systemRandom } from '../../../server/base/random.ts'
import { LocalMetadata } from '../../../server/metadata/local/local.ts'
import { clock, settled, until } from '../replica/fakes.ts'

function world(chore: Chore) {
  const metadata = new LocalMetadata(':memory:', systemRandom)
  const duty = new Duty({ metadata, clock, logger: silent }, ['watched/'], [chore])
  const put = (key: string) => metadata.commit({ guards: [], puts: [{ key, value: '' }] })
  return { duty, put }
}

test('a change has it look; what is running is not begun again', async t => {
  let looks = 0
  let runs = 0
  let finish = () => {}
  const run = () => {
    runs += 1
    return new Promise<void>(resolve => (finish = resolve))
  }
  const { duty, put } = world({
    async tasks() {
      looks += 1
      return [{ key: 'task', run }]
    },
  })
  await duty.start()
  await until(() => runs === 1)
  const before = looks
  await put('elsewhere/x')
  await settled()
  t.is(looks, before)
  await put('watched/x')
  await until(() => looks > before)
  t.is(runs, 1)
  finish()
  await settled()
  await put('watched/x')
  await until(() => runs === 2)
  finish()
  await duty.stop()
})

test('what fails is tried again at the next look, and hinders nobody', async t => {
  const done: string[] = []
  const { duty } = world({
    tasks: async () => [
      {
        key: 'bad',
        async run() {
          done.push('bad')
          throw new Error('not today')
        },
      },
      { key: 'good', run: async () => void done.push('good') },
    ],
  })
  await duty.start()
  await until(() => done.length === 2)
  await duty.look()
  await until(() => done.length === 4)
  t.deepEqual(done, ['bad', 'good', 'bad', 'good'])
  await duty.stop()
})

test('stopping interrupts what takes long, and nothing begins after it', async t => {
  let runs = 0
  const { duty, put } = world({
    tasks: async () => [
      {
        key: 'long',
        async run(stopped) {
          runs += 1
          for (;;) {
            goOn(stopped)
            await settled()
          }
        },
      },
    ],
  })
  await duty.start()
  await until(() => runs === 1)
  await duty.stop()
  await put('watched/x')
  await duty.look()
  await settled()
  t.is(runs, 1)
})
