/** What a partition's file holds of transactions: what they hold of it, and what it has decided. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { DecisionRow, LockRow, Participant, PreparedRow, TokenRow } from './rows.ts'

/** New in format 2. Decisions and tokens are numbered in the order of their making, which the oldest leave first. */
export const TRANSACTION_TABLES = `
  CREATE TABLE prepared (tx TEXT PRIMARY KEY, ticket TEXT NOT NULL, home TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE lock (tx TEXT NOT NULL, key BLOB NOT NULL, changes INTEGER NOT NULL, image TEXT, size INTEGER,
    PRIMARY KEY (tx, key)) WITHOUT ROWID;
  CREATE TABLE decision (number INTEGER PRIMARY KEY, tx TEXT NOT NULL UNIQUE, outcome TEXT NOT NULL,
    time INTEGER NOT NULL, participants TEXT NOT NULL);
  CREATE TABLE token (number INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, request TEXT NOT NULL,
    expires INTEGER NOT NULL, units TEXT NOT NULL);`

type DecisionColumns = {
  number: number
  tx: string
  outcome: DecisionRow['outcome']
  time: number
  participants: string
}
type TokenColumns = { number: number; token: string; request: string; expires: number; units: string }
type LockColumns = { tx: string; key: Uint8Array; changes: number; image: string | null; size: number | null }

/** A decision and its place in the order of all. */
export type NumberedDecision = DecisionRow & { number: number }

export class TransactionReader {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  prepared(): PreparedRow[] {
    const rows = new Map<string, PreparedRow>()
    for (const row of this.#all<{ tx: string; ticket: string; home: string }>('SELECT tx, ticket, home FROM prepared'))
      rows.set(row.tx, { transaction: row.tx, ticket: row.ticket, home: row.home, locks: [] })
    for (const row of this.#all<LockColumns>('SELECT tx, key, changes, image, size FROM lock'))
      rows.get(row.tx)!.locks.push(lockOf(row))
    return [...rows.values()]
  }

  decision(transaction: string): DecisionRow | undefined {
    const [row] = this.#all<DecisionColumns>('SELECT * FROM decision WHERE tx = ?', transaction)
    return row && decisionOf(row)
  }

  /** The oldest decisions after the one of number `after`, 0 for all. */
  decisions(after: number, limit: number): NumberedDecision[] {
    const sql = 'SELECT * FROM decision WHERE number > ? ORDER BY number LIMIT ?'
    return this.#all<DecisionColumns>(sql, after, limit).map(row => ({ ...decisionOf(row), number: row.number }))
  }

  token(token: string): TokenRow | undefined {
    const [row] = this.#all<TokenColumns>('SELECT * FROM token WHERE token = ?', token)
    return row && { token, request: row.request, expires: row.expires, units: JSON.parse(row.units) as number[] }
  }

  /** Those of the oldest tokens that have expired by `time`. */
  expiredTokens(time: number, limit: number): string[] {
    const sql = 'SELECT token FROM (SELECT token, expires FROM token ORDER BY number LIMIT ?) WHERE expires <= ?'
    return this.#all<{ token: string }>(sql, limit, time).map(row => row.token)
  }

  /** Whether there are tokens that mean something at `time`. */
  hasTokens(time: number): boolean {
    const sql = 'SELECT 1 WHERE EXISTS (SELECT 1 FROM token WHERE expires > ?)'
    return this.#all(sql, time).length > 0
  }

  /** Whether there is a decision or a token. */
  isEmpty(): boolean {
    const sql = 'SELECT 1 WHERE EXISTS (SELECT 1 FROM decision) OR EXISTS (SELECT 1 FROM token)'
    return this.#all(sql).length === 0
  }

  #all<T>(sql: string, ...parameters: (string | number)[]): T[] {
    let statement = this.#statements.get(sql)
    if (!statement) this.#statements.set(sql, (statement = this.#database.prepare(sql)))
    return statement.all(...parameters) as T[]
  }
}

/** As `StoreWriter`: apply alone holds it. */
export class TransactionWriter {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  prepare({ transaction, ticket, home, locks }: PreparedRow): void {
    this.#run('INSERT INTO prepared VALUES (?, ?, ?)', transaction, ticket, home)
    for (const { key, changes, image } of locks) {
      const columns = [transaction, key, changes ? 1 : 0, image?.json ?? null, image?.size ?? null]
      this.#run('INSERT INTO lock VALUES (?, ?, ?, ?, ?)', ...columns)
    }
  }

  release(transaction: string): void {
    this.#run('DELETE FROM prepared WHERE tx = ?', transaction)
    this.#run('DELETE FROM lock WHERE tx = ?', transaction)
  }

  decide({ transaction, outcome, time, participants }: DecisionRow): void {
    const sql = 'INSERT INTO decision (tx, outcome, time, participants) VALUES (?, ?, ?, ?)'
    const named = participants.map(({ partition, ticket }) => [partition, ticket])
    this.#run(sql, transaction, outcome, time, JSON.stringify(named))
  }

  forgetDecision(transaction: string): void {
    this.#run('DELETE FROM decision WHERE tx = ?', transaction)
  }

  /** In the place of an older one, which had expired. */
  saveToken({ token, request, expires, units }: TokenRow): void {
    const sql = 'INSERT OR REPLACE INTO token (token, request, expires, units) VALUES (?, ?, ?, ?)'
    this.#run(sql, token, request, expires, JSON.stringify(units))
  }

  /** Unless it was used again, and has not expired by `time`. */
  forgetToken(token: string, time: number): void {
    this.#run('DELETE FROM token WHERE token = ? AND expires <= ?', token, time)
  }

  #run(sql: string, ...parameters: (string | number | Uint8Array | null)[]): void {
    let statement = this.#statements.get(sql)
    if (!statement) this.#statements.set(sql, (statement = this.#database.prepare(sql)))
    statement.run(...parameters)
  }
}

function lockOf({ key, changes, image, size }: LockColumns): LockRow {
  const row: LockRow = { key: Buffer.from(key), changes: changes === 1, image: undefined }
  if (image !== null) row.image = { json: image, size: size! }
  return row
}

function decisionOf({ tx, outcome, time, participants }: DecisionColumns): DecisionRow {
  const named = JSON.parse(participants) as [string, string][]
  const list: Participant[] = named.map(([partition, ticket]) => ({ partition, ticket }))
  return { transaction: tx, outcome, time, participants: list }
}
