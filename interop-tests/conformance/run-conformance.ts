import { type CardResult, checkFixture } from './a2a-cards.ts'
import { cardLine, legLine } from './conformance-report.ts'
import { directLegs } from './direct-legs.ts'
import { exceptedOf, readExceptions, ways } from './exceptions.ts'
import { kernelLegs } from './kernel-legs.ts'
import { judge, type LegResult } from './leg.ts'
import { revisions, roles } from './requirements.ts'

const legsOf = { direct: directLegs, throughKernel: kernelLegs }

/** @param tell - gets a line when something has ended */
export async function runConformance(
  tell: (line: string) => void,
): Promise<{ legs: readonly LegResult[]; cards: readonly CardResult[] }> {
  const exceptions = readExceptions()
  const legs: LegResult[] = []
  for (const way of ways)
    for (const revision of revisions)
      for (const role of roles) {
        const which = { way, role, revision }
        const results = await legsOf[way][role](revision, exceptedOf(which, exceptions))
        const leg = judge(which, results, exceptions)
        tell(legLine(leg))
        legs.push(leg)
      }
  const cards = await checkFixture()
  for (const card of cards) tell(cardLine(card))
  return { legs, cards }
}
