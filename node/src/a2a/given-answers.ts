/** The answers to what a call asked for, out of the message that a client sent to its task. Pure. */
import {
  type A2aMessage,
  type A2aPart,
  contentOfParts,
  type InputRequests,
  type InputResponses,
} from '@hansa/protocols'
import { isObject } from '@hansa/trust'
import { invalidParams } from './a2a-fault.ts'

/**
 * A message and an authorization are answered with the parts of the message. What MCP has a form for is answered with a
 * data part: `{ "responses": { NAME: … } }`, or the filled-in form itself when only one was asked for.
 * @throws A2aFault that says what is missing
 */
export function givenAnswers(requests: InputRequests, { parts }: Pick<A2aMessage, 'parts'>): InputResponses {
  const given = structuredAnswers(parts)
  const structured = Object.values(requests).filter(({ method }) => method === 'elicitation/create')
  const answers = Object.entries(requests).map(([name, { method }]) => {
    if (given !== undefined && Object.hasOwn(given, name) && isObject(given[name])) return [name, given[name]] as const
    if (method === 'message' || method === 'authorization') return [name, { content: contentOfParts(parts) }] as const
    const form = structured.length === 1 ? onlyData(parts) : undefined
    if (form !== undefined) return [name, 'action' in form ? form : { action: 'accept', content: form }] as const
    throw invalidParams(
      `This task waits for ${name}: answer with one data part, { "responses": { "${name}": { "action": "accept", "content": { … } } } }. Other actions are decline and cancel.`,
    )
  })
  return Object.fromEntries(answers) as InputResponses
}

function onlyData(parts: readonly A2aPart[]): Record<string, unknown> | undefined {
  const data = parts.flatMap((part) => (isObject(part.data) ? [part.data] : []))
  return data.length === 1 ? data[0] : undefined
}

function structuredAnswers(parts: readonly A2aPart[]): Record<string, unknown> | undefined {
  const data = onlyData(parts)
  return data !== undefined && isObject(data.responses) ? data.responses : undefined
}
