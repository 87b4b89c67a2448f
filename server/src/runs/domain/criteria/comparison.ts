import type { Operator } from "@load-manager/contract/criteria/expression.ts";

export const holds = (operator: Operator, observed: number, limit: number): boolean => {
  switch (operator) {
    case "<":
      return observed < limit;
    case "<=":
      return observed <= limit;
    case ">":
      return observed > limit;
    case ">=":
      return observed >= limit;
    case "=":
      return observed === limit;
    case "!=":
      return observed !== limit;
  }
};

export const isUpperLimit = (operator: Operator): boolean => operator === "<" || operator === "<=";
export const isLowerLimit = (operator: Operator): boolean => operator === ">" || operator === ">=";
