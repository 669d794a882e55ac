/** The reputation that a shop window shows: the part of all rated calls that went well. A newcomer has what ours has. */
import { NEWCOMER } from '@hansa/trust/score'
import type { PointsOf } from './rating.ts'

export const plainAverage: PointsOf = (target, ratings) => {
  let [good, all] = [0, 0]
  for (const rating of ratings) {
    if (rating.to !== target) continue
    good += rating.good
    all += rating.good + rating.bad
  }
  return all === 0 ? NEWCOMER : Math.round((1000 * good) / all)
}
