/** A call that continues another one carries the arguments of that one and the answers: two values in one. */
import { type ContinuationArguments, continuationArgumentsSchema } from '@hansa/protocols'
import type { SchemaCheck } from '../firewall/index.ts'
import type { Received } from './stages.ts'

/** The arguments that the capability sees, whether or not the call continues another one. */
export function argumentsOf({ continues }: Pick<Received, 'continues'>, value: unknown): unknown {
  return continues === undefined ? value : (value as ContinuationArguments).arguments
}

/** Checks the arguments by the schema of the capability, and the rest by what every continuation has. */
export function continuationCheck(args: SchemaCheck): SchemaCheck {
  const mistakeIn = (value: unknown, check: (it: unknown) => string | undefined) => {
    const read = continuationArgumentsSchema.safeParse(value)
    return read.success ? check(read.data.arguments) : 'it is not a continuation'
  }
  return {
    validate: (value) => mistakeIn(value, args.validate),
    validateRedacted: (value) => mistakeIn(value, args.validateRedacted),
    undeclared: (value) =>
      args.undeclared((value as ContinuationArguments).arguments).map((path) => ['arguments', ...path]),
    dropUndeclared(value) {
      const given = value as ContinuationArguments
      const kept = args.dropUndeclared(given.arguments)
      return kept === given.arguments ? given : { ...given, arguments: kept }
    },
  }
}
