/**
 * The object store port on S3, or whatever speaks its protocol. The SDK is loaded when it is first needed. Credentials come
 * from where the SDK looks for them: environment, profile, web identity, instance.
 */
import type { S3Client } from '@aws-sdk/client-s3'
import { BucketDenied, type Buckets, type ObjectEntry, ObjectMissing, type ObjectStore } from '../objects.ts'

export type S3Options = {
  /** Undefined for AWS's own. */
  endpoint?: string
  region: string
}

/** A client that many stores share, made when first asked for. */
export class S3Connection {
  readonly #options: S3Options
  #loaded: Promise<{ sdk: typeof import('@aws-sdk/client-s3'); client: S3Client }> | undefined

  constructor(options: S3Options) {
    this.#options = options
  }

  load() {
    this.#loaded ??= import('@aws-sdk/client-s3').then(sdk => {
      const { endpoint, region } = this.#options
      // Other makers' servers know neither buckets as host names nor the newer checksums.
      const client = new sdk.S3Client({
        region,
        ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
      })
      return { sdk, client }
    })
    return this.#loaded
  }

  async close(): Promise<void> {
    if (this.#loaded) (await this.#loaded).client.destroy()
  }
}

export class S3ObjectStore implements ObjectStore {
  readonly #connection: S3Connection
  readonly #bucket: string
  readonly #prefix: string

  /** `prefix`: empty, or ends in a slash; all names lie below it. */
  constructor(connection: S3Connection, bucket: string, prefix: string) {
    this.#connection = connection
    this.#bucket = bucket
    this.#prefix = prefix
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const { sdk, client } = await this.#connection.load()
    await client.send(new sdk.PutObjectCommand({ ...this.#at(name), Body: bytes, ContentLength: bytes.length }))
  }

  async *get(name: string): AsyncGenerator<Uint8Array> {
    const { sdk, client } = await this.#connection.load()
    try {
      const { Body } = await client.send(new sdk.GetObjectCommand(this.#at(name)))
      yield* Body as unknown as AsyncIterable<Uint8Array>
    } catch (error) {
      throw nameOf(error) === 'NoSuchKey' ? new ObjectMissing(`there is no object ${name}`) : error
    }
  }

  async *list(prefix: string): AsyncGenerator<ObjectEntry> {
    const { sdk, client } = await this.#connection.load()
    const request = { Bucket: this.#bucket, Prefix: this.#prefix + prefix }
    for await (const page of sdk.paginateListObjectsV2({ client }, request)) {
      for (const { Key, Size } of page.Contents ?? []) {
        yield { name: Key!.slice(this.#prefix.length), size: Size ?? 0 }
      }
    }
  }

  async delete(name: string): Promise<void> {
    const { sdk, client } = await this.#connection.load()
    await client.send(new sdk.DeleteObjectCommand(this.#at(name)))
  }

  #at(name: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + name }
  }
}

/** The account's own buckets. */
export class S3Buckets implements Buckets {
  readonly #connection: S3Connection

  constructor(connection: S3Connection) {
    this.#connection = connection
  }

  async open(bucket: string): Promise<ObjectStore | undefined> {
    const { sdk, client } = await this.#connection.load()
    try {
      await client.send(new sdk.HeadBucketCommand({ Bucket: bucket }))
    } catch (error) {
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
      if (status === 404) return undefined
      if (status === 403) throw new BucketDenied(`access to the bucket ${bucket} is denied`)
      throw error
    }
    return new S3ObjectStore(this.#connection, bucket, '')
  }
}

function nameOf(error: unknown): string {
  return (error as Error).name
}
