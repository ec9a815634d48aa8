/** A service in the cluster that is told of changes, and says which. */

export type Told = { id: string; signature: string }

const PORT = 8080

const PROGRAM = `
  const told = []
  require('node:http').createServer(async (request, response) => {
    if (request.method === 'GET') return response.end(JSON.stringify(told))
    let body = ''
    for await (const chunk of request) body += chunk
    const signature = request.headers['tavola-signature']
    for (const { dynamodb } of JSON.parse(body).Records) told.push({ id: dynamodb.Keys.id.S, signature })
    response.end()
  }).listen(${PORT}, process.env.POD_IP)`

/** Its name is `hook`. */
export function receiver(namespace: string): object[] {
  const [labels, metadata] = [{ app: 'hook' }, { name: 'hook', namespace }]
  const container = {
    ...{ name: 'hook', image: 'tavola', command: ['/opt/bin/node', '-e', PROGRAM] },
    env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
    readinessProbe: { httpGet: { path: '/', port: PORT }, periodSeconds: 1 },
  }
  const template = { metadata: { labels }, spec: { containers: [container] } }
  return [
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata },
      spec: { replicas: 1, selector: { matchLabels: labels }, template },
    },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: PORT }] } },
  ]
}

/** `endpoint`: of the service, on this machine. */
export async function received(endpoint: string): Promise<Told[]> {
  return (await (await fetch(endpoint)).json()) as Told[]
}
