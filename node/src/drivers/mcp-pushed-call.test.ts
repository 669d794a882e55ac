import { describe, expect, it } from 'vitest'
import { McpPushedCall } from './mcp-pushed-call.ts'

const never = new AbortController().signal
const waiting = new Promise<never>(() => {})
const question = { message: 'Why?' }

function requestsOf(come: object): Record<string, { method: string }> {
  if (!('requests' in come)) throw new Error('it asks nothing')
  return come.requests as Record<string, { method: string }>
}

describe(McpPushedCall, () => {
  it('hands out everything that is asked together, each under a name of its own', async () => {
    const call = new McpPushedCall()
    const [first, second] = [call.ask('elicitation/create', question, never), call.ask('roots/list', {}, never)]
    const requests = requestsOf(await call.next(waiting, never))
    expect(Object.values(requests).map(({ method }) => method)).toEqual(['elicitation/create', 'roots/list'])
    const [one = '', two = ''] = Object.keys(requests)
    call.answer({ [two]: { roots: [] }, [one]: { action: 'decline' } })
    expect([await first, await second]).toEqual([{ action: 'decline' }, { roots: [] }])
  })

  it('asks again for what was left open, and takes no answer to what nobody asked', async () => {
    const call = new McpPushedCall()
    const open = call.ask('elicitation/create', question, never)
    const [name = ''] = Object.keys(requestsOf(await call.next(waiting, never)))
    call.answer({ invented: { action: 'accept' } })
    expect(Object.keys(requestsOf(await call.next(waiting, never)))).toEqual([name])
    call.answer({ [name]: { action: 'cancel' } })
    expect(await open).toEqual({ action: 'cancel' })
  })

  it('asks nothing that the server does not want to know any more', async () => {
    const call = new McpPushedCall()
    const withdrawn = new AbortController()
    call.ask('elicitation/create', question, withdrawn.signal).catch(() => {})
    withdrawn.abort()
    expect(await call.next(Promise.resolve('done'), never)).toEqual({ result: 'done' })
  })

  it('is over when the request is, or its caller', async () => {
    const call = new McpPushedCall()
    await expect(call.next(Promise.reject(new Error('lost')), never)).rejects.toThrow('lost')
    const leave = new AbortController()
    leave.abort(new Error('gone'))
    await expect(call.next(waiting, leave.signal)).rejects.toThrow('gone')
  })

  it('tells the server that nobody answers when it is closed', async () => {
    const call = new McpPushedCall()
    const open = call.ask('elicitation/create', question, never)
    call.close()
    await expect(open).rejects.toThrow('nobody answers')
  })

  it('answers a server of mallory that asks without end with refusals', async () => {
    const call = new McpPushedCall()
    for (let asked = 0; asked < 64; asked += 1) {
      call.ask('elicitation/create', question, never).catch(() => {})
      const [name = ''] = Object.keys(requestsOf(await call.next(waiting, never)))
      call.answer({ [name]: { action: 'decline' } })
    }
    await expect(call.ask('elicitation/create', question, never)).rejects.toThrow('too many')
  })

  it('refuses what a server asks that cannot be asked of anybody', async () => {
    const call = new McpPushedCall()
    for (let asked = 0; asked < 20; asked += 1) call.ask('elicitation/create', question, never).catch(() => {})
    // More at once than a call may ask.
    await expect(call.next(waiting, never)).rejects.toMatchObject({ detail: { code: 'answer_unusable' } })
  })
})
