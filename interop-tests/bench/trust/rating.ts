/** One kernel's word about another: how many calls went well, and how many did not. What every reputation system is fed. */
export type Rating = { from: string; to: string; good: number; bad: number }

/** A system that gives points, 0 to 1000, to a kernel in the eyes of `self`. */
export type PointsOf = (target: string, ratings: readonly Rating[]) => number
