import { allCodes, CallError, type Frame } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../config/index.ts'
import { HomeError } from '../home/errors.ts'
import { usage } from './errors.ts'
import { faultOf, remedies } from './faults.ts'

describe(faultOf, () => {
  it('has something to do for every code that a kernel can answer with', () => {
    expect(Object.keys(remedies).sort()).toEqual([...allCodes].sort())
  })

  it.each([
    [new CallError({ code: 'policy_denied' }), 1],
    [new CallError({ code: 'approval_required' }), 2],
    [usage('x'), 3],
    [new HomeError({ code: 'home_missing', path: '/h' }, 'x'), 3],
    [new ConfigError({ code: 'config_invalid', faults: [] }, 'x'), 3],
    [Object.assign(new Error('x'), { detail: { code: 'node_not_running' } }), 4],
    [new TypeError('x is not a function'), 1],
    ['thrown text', 1],
  ])('exits for %s with %i', (error, exit) => {
    expect(faultOf(error).exit).toBe(exit)
  })

  it('keeps the facts of a refusal, and puts the id into what to do', () => {
    const error = new CallError({
      code: 'approval_required',
      approvalId: 'APP',
      denialId: 'DEN',
      callId: 'CAL',
      stage: 'policy',
    })
    expect(faultOf(error).fault).toEqual({
      code: 'approval_required',
      message: error.message,
      approvalId: 'APP',
      denialId: 'DEN',
      callId: 'CAL',
      stage: 'policy',
      remedy: 'Have a person run: hansa approve APP, then repeat the call with --approval APP',
    })
  })

  it('sends to the person of the kernel that asks for the approval', () => {
    const error = new CallError({ code: 'approval_required', approvalId: 'APP', stage: 'remote' })
    expect(faultOf(error).fault.remedy).toMatch(/^Have a person of the other kernel run: hansa approve APP/)
  })

  it('names the help of a call only for a call', () => {
    const call = new CallError({ code: 'not_found', callId: 'CAL', stage: 'receive' })
    expect(faultOf(call)).toMatchObject({ exit: 1, fault: { remedy: 'See what there is with: hansa capabilities' } })
    const missing = faultOf(new CallError({ code: 'not_found' }, 'There is no agent x.'))
    expect([missing.exit, missing.fault.remedy]).toEqual([1, undefined])
    const wrong = faultOf(new CallError({ code: 'invalid_request' }, 'name: too long'))
    expect([wrong.exit, wrong.fault.remedy]).toEqual([3, undefined])
  })

  it.each([
    ['invalid_request', 'inbound', 'hansa audit show --call CAL'],
    ['internal', 'driver', 'hansa audit show --call CAL'],
    ['internal', 'remote', 'whose operator'],
    ['policy_denied', 'policy', 'hansa audit show --call CAL'],
    ['policy_denied', 'remote', 'ask its operator'],
    ['rate_limited', 'receive', 'ask its operator'],
  ] as const)('says for %s at stage %s where the reason is: %s', (code, stage, where) => {
    expect(faultOf(new CallError({ code, stage, callId: 'CAL' })).fault.remedy).toContain(where)
  })

  it.each(['EACCES', 'ENOSPC', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT'])(
    'says which path the operating system refused with %s, and does not take the blame',
    (code) => {
      const error = Object.assign(new Error(`${code}: x, mkdir '/h'`), { code, syscall: 'mkdir', path: '/h' })
      const { fault, exit } = faultOf(error)
      expect(exit).toBe(3)
      expect(fault).toEqual({ code: 'system', message: expect.stringMatching(`^/h: [a-z].* \\(${code}\\)\\.$`) })
    },
  )

  it('shows no stack of what should not happen', () => {
    const { fault } = faultOf(new TypeError('x is not a function'))
    expect(fault).toEqual({
      code: 'internal',
      message: 'internal: something failed that should not: x is not a function',
      remedy: 'This is a fault of hansa; please report it.',
    })
  })
})

it('tells what a capability says of its failure, and no more than a screen of it', () => {
  const content = [
    { type: 'text' as const, text: 'berth K7 is taken' },
    { type: 'file' as const, bytes: 'AA==' },
    { type: 'text' as const, text: 'x'.repeat(3_000) },
  ]
  const frame = { value: { content, isError: true } } as Frame
  const { fault } = faultOf(new CallError({ code: 'internal', stage: 'driver', frame }))
  expect(fault.said).toMatch(/^berth K7 is taken x+$/)
  expect(fault.said).toHaveLength(2_000)
  expect(faultOf(new CallError({ code: 'internal', stage: 'driver' })).fault.said).toBeUndefined()
})
