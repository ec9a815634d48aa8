/** What a process without an API answers to GET: whether it is well, and its metrics. */
import Koa from 'koa'

export type StatusOptions = {
  /** Whether what it is asked can be answered; `GET /readyz` shows it. */
  ready(): boolean
  /** The text that `GET /metrics` answers. */
  metrics(): Promise<string>
}

export function createStatusApp({ ready, metrics }: StatusOptions): Koa {
  const app = new Koa()
  app.use(async ctx => {
    if (ctx.method !== 'GET') return
    if (ctx.path === '/healthz') ctx.body = { status: 'ok' }
    else if (ctx.path === '/readyz') {
      ctx.status = ready() ? 200 : 503
      ctx.body = { ready: ready() }
    } else if (ctx.path === '/metrics') {
      ctx.type = 'text/plain; version=0.0.4; charset=utf-8'
      ctx.body = await metrics()
    }
  })
  return app
}
