/**
 * Other implementations of the API, as their own registries carry them, run by their documented command lines. They are fetched
 * once, into a folder outside of the checkout; one that can't be had is left out.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Fetch, fetched, run } from '../scripts/cache.ts'
import type { Contestant } from './contestants.ts'

type Peer = Fetch & {
  /** The command line of a server whose data is on disk, in an empty folder. */
  command(home: string, port: number, data: string): string[]
}

const LOCAL_MAIN = 'software.amazon.dynamodb.services.local.main.ServerRunner'

const PEERS: Peer[] = [
  {
    name: 'dynalite',
    version: '4.0.0',
    from: 'npm, in seconds',
    fetch: (home, version) =>
      run('npm', ['install', '--prefix', home, '--ignore-scripts', '--no-audit', '--no-fund', `dynalite@${version}`]),
    command: (home, port, data) => [
      process.execPath,
      join(home, 'node_modules/dynalite/cli.js'),
      ...['--host', '127.0.0.1', '--port', String(port), '--path', data],
    ],
  },
  {
    name: 'dynamodb-local',
    version: '3.1.0',
    from: 'Maven Central, by mvn, in a minute; it needs Java 17',
    fetch: async (home, version) => {
      const pom = join(home, 'pom.xml')
      await writeFile(pom, projectOn('software.amazon.dynamodb', 'DynamoDBLocal', version))
      await run('mvn', [
        '-q',
        '-B',
        '-f',
        pom,
        'dependency:copy-dependencies',
        `-DoutputDirectory=${join(home, 'lib')}`,
      ])
    },
    command: (home, port, data) => {
      const lib = join(home, 'lib')
      const java = ['java', `-Djava.library.path=${lib}`, '-cp', join(lib, '*'), LOCAL_MAIN]
      return [...java, '-port', String(port), '-dbPath', data, '-sharedDb', '-disableTelemetry']
    },
  },
  {
    name: 'dynoxide',
    version: '3.2.0',
    from: 'crates.io, by cargo, which compiles for minutes',
    fetch: (home, version) => {
      const features = ['--no-default-features', '--features', 'native-sqlite,http-server,cli']
      return run('cargo', ['install', 'dynoxide-rs', '--version', version, '--locked', ...features, '--root', home])
    },
    command: (home, port, data) => [
      join(home, 'bin', 'dynoxide'),
      ...['--host', '127.0.0.1', '--port', String(port), '--db-path', join(data, 'dynoxide.db')],
    ],
  },
]

export const PEER_NAMES = PEERS.map(({ name }) => name)

/** The peer as a contestant, fetched if it is not here yet. Errors: it can't be fetched. */
export async function obtain(name: string, say: (line: string) => void): Promise<Contestant> {
  const peer = PEERS.find(peer => peer.name === name)!
  const home = await fetched('peers', peer, say)
  return { name, version: peer.version, fills: true, command: (port, data) => peer.command(home, port, data) }
}

/** A Maven project that depends on one artifact. */
function projectOn(group: string, artifact: string, version: string): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tavola</groupId><artifactId>peer</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>
  </dependency></dependencies>
</project>
`
}
