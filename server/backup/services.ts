/** Backups and all their kin, put together: what requests may ask for, and the duty behind it. */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import type { Items, Tables } from '../cluster/cluster.ts'
import type { Leaders } from '../cluster/leaders.ts'
import { type Realm, tablesPrefix } from '../cluster/records.ts'
import type { Metadata } from '../metadata/metadata.ts'
import type { Buckets, ObjectStore } from '../objects/objects.ts'
import { Archives } from './archives.ts'
import { Archiving } from './archiving.ts'
import { Backups } from './backups.ts'
import { Duty } from './duty.ts'
import { Exporting } from './exporting.ts'
import { Exports, exportsPrefix } from './exports.ts'
import { Importing } from './importing.ts'
import { Imports, importsPrefix } from './imports.ts'
import { backupsPrefix } from './records.ts'
import { Restoring } from './restoring.ts'
import { Taking } from './taking.ts'

/** What handlers see. */
export type BackupServices = { backups: Backups; archives: Archives; exports: Exports; imports: Imports }

export type ServicePorts = {
  metadata: Metadata
  tables: Tables
  items: Items
  leaders: Leaders
  objects: ObjectStore
  buckets: Buckets
  clock: Clock
  random: Random
  logger: Logger
  realm: Realm
  /** Checks that parsed JSON is a map of attribute values, as on the wire. Errors: DynamoError. */
  checkJson(item: unknown): void
}

/** The duty is not started yet: in a cluster one server does it for all. */
export function backupServices(ports: ServicePorts): { services: BackupServices; duty: Duty } {
  const archiving = new Archiving(ports)
  const chores = [new Taking(ports), new Restoring(ports), archiving, new Exporting(ports), new Importing(ports)]
  const prefixes = [tablesPrefix, backupsPrefix, exportsPrefix, importsPrefix].map(prefix => prefix(ports.realm))
  const duty = new Duty(ports, prefixes, chores)
  const archive = (tableId: string) => {
    ports.clock.after(archiving.want(tableId), () => void duty.look())
  }
  const services = {
    backups: new Backups(ports),
    archives: new Archives({ ...ports, archive }),
    exports: new Exports(ports),
    imports: new Imports(ports),
  }
  return { services, duty }
}
