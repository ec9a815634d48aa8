/**
 * What a trigger calls, and whom it tells of failures, by name: a function's name or ARN, `https://host/path` for a webhook,
 * `cloudevents+https://host/path`, `cloudevents-binary+https://host/path`, or `nats:subject`. Pure.
 */

export type Target =
  /** By the Lambda Invoke API, at the configured endpoint. */
  | { kind: 'lambda'; name: string; qualifier: string | undefined }
  | { kind: 'webhook'; url: string }
  | { kind: 'cloudevents'; url: string; binary: boolean }
  | { kind: 'nats'; subject: string }

const FUNCTION =
  /^(?:arn:aws[a-zA-Z-]*:lambda:)?(?:[a-z]{2}(?:-gov)?-[a-z]+-\d:)?(?:\d{12}:)?(?:function:)?([a-zA-Z0-9_-]{1,140})(?::(\$LATEST|[a-zA-Z0-9_-]{1,128}))?$/
const URL_TARGET = /^(cloudevents\+|cloudevents-binary\+)?(https?:\/\/.+)$/
const SUBJECT = /^nats:([^\s.*>]+(?:\.[^\s.*>]+)*)$/

/** Undefined if it names nothing. */
export function parseTarget(text: string): Target | undefined {
  const [, scheme, url] = URL_TARGET.exec(text) ?? []
  if (url !== undefined) {
    if (!URL.canParse(url)) return undefined
    return scheme === undefined
      ? { kind: 'webhook', url }
      : { kind: 'cloudevents', url, binary: scheme.includes('binary') }
  }
  const subject = SUBJECT.exec(text)?.[1]
  if (subject !== undefined) return { kind: 'nats', subject }
  const [, name, qualifier] = FUNCTION.exec(text) ?? []
  return name === undefined ? undefined : { kind: 'lambda', name, qualifier }
}

/** `host`, `host:port` or `*.domain`. */
export type HostRule = string

/** Whether requests may go there. */
export function isAllowedUrl(url: string, rules: HostRule[]): boolean {
  const { hostname, host } = new URL(url)
  const bare = hostname.replace(/^\[|\]$/g, '')
  return rules.some(rule => {
    if (rule.startsWith('*.')) return bare.endsWith(rule.slice(1))
    return rule === bare || rule === hostname || rule === host
  })
}
