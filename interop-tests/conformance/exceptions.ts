import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { requiredScenarios, revisions, roles } from './requirements.ts'

export const ways = ['direct', 'throughKernel'] as const
/** Whether the fixture is tested itself, or a node that stands in front of it. */
export type Way = (typeof ways)[number]

const exceptionSchema = z.strictObject({
  way: z.enum(ways),
  role: z.enum(roles),
  revision: z.enum(revisions),
  scenario: z.string().min(1),
  reason: z.string().min(20),
})
export type Exception = z.infer<typeof exceptionSchema>

/** @throws Error when the file is wrong, or names a scenario that nobody requires. */
export function readExceptions(path = join(import.meta.dirname, 'exceptions.yaml')): readonly Exception[] {
  const exceptions = z.array(exceptionSchema).parse(parse(readFileSync(path, 'utf8')) ?? [])
  for (const { revision, role, scenario } of exceptions)
    if (!requiredScenarios(revision, role).includes(scenario))
      throw new Error(`exceptions.yaml: ${scenario} is not required of a ${role} by ${revision}`)
  return exceptions
}

/** Names of the scenarios of one leg that are excepted. */
export function exceptedOf(
  leg: Pick<Exception, 'way' | 'role' | 'revision'>,
  exceptions: readonly Exception[],
): readonly string[] {
  return exceptions
    .filter(({ way, role, revision }) => way === leg.way && role === leg.role && revision === leg.revision)
    .map(({ scenario }) => scenario)
}
