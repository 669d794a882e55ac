/** A registry that lists what a test puts into it and believes everything: for the client's side of the protocol. */
import {
  type Code,
  httpStatus,
  type InboundHandler,
  type InboundReply,
  type InboundRequest,
  type Listing,
  registerRequestSchema,
  registryRoutes,
  signedStatementSchema,
} from '@hansa/protocols'
import type { FakeRegistryLog } from './fake-registry-log.ts'

export class FakeRegistry implements InboundHandler {
  readonly listings: Listing[] = []
  /** What was posted, as `register <jws>`, `renew <jws>`, `withdraw <jws>`. */
  readonly posted: string[] = []
  readonly queries: URLSearchParams[] = []
  /** The answer to every request, instead of what it would do. */
  refusal: Code | undefined
  /** Without one it is a registry of before there were logs. */
  log: FakeRegistryLog | undefined
  pageSize = 50
  expires = 2_000_000_000

  async handle(request: InboundRequest): Promise<InboundReply> {
    if (this.refusal !== undefined)
      return json(httpStatus[this.refusal], { code: this.refusal, message: 'as the test says' })
    const url = new URL(request.path, 'http://registry.test')
    return request.method === 'GET' ? this.#get(url) : this.#post(url.pathname, request.body)
  }

  #get(url: URL): InboundReply {
    if (url.pathname === registryRoutes.checkpoint.path) {
      const since = url.searchParams.get('since')
      return this.log === undefined
        ? json(404, { code: 'not_found' })
        : json(200, this.log.checkpoint(since === null ? undefined : Number(since)))
    }
    if (url.pathname !== registryRoutes.list.path) {
      const [listing] = this.listings
      return listing === undefined ? json(404, { code: 'not_found' }) : json(200, listing)
    }
    this.queries.push(url.searchParams)
    const from = Number(url.searchParams.get('cursor') ?? 0)
    const to = from + Math.min(this.pageSize, Number(url.searchParams.get('limit')))
    const next = to < this.listings.length ? { next: String(to) } : {}
    return json(200, { listings: this.listings.slice(from, to), ...next })
  }

  #post(path: string, body: Uint8Array): InboundReply {
    const value: unknown = JSON.parse(Buffer.from(body).toString())
    if (path === registryRoutes.register.path)
      this.posted.push(`register ${registerRequestSchema.parse(value).manifest}`)
    else {
      const route = path === registryRoutes.renew.path ? 'renew' : 'withdraw'
      this.posted.push(`${route} ${signedStatementSchema.parse(value).statement}`)
    }
    return json(path === registryRoutes.register.path ? 201 : 200, {
      kernel_id: 'did:key:z6Mko9hTggMwjSTEaJaPUfE6tqcy2xvU6BnNq3e3o8qVBiyH',
      seq: 1,
      expires: this.expires,
    })
  }
}

function json(status: number, value: object): InboundReply {
  return { status, contentType: 'application/json', body: Buffer.from(JSON.stringify(value)) }
}
