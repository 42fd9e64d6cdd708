// The transfer targets of a call's plan, offered in the field where one is typed.

import { request } from "./api.js";
import { element } from "./dom.js";

export async function offerTargets(input, plan) {
  const { plans } = await (await request("api/v1/plans")).json();
  const names = plans.find((each) => each.name === plan)?.targets ?? [];
  const options = names.map((name) => element("option", { value: name }));
  input.after(element("datalist", { id: "targets-of-plan" }, ...options));
  input.setAttribute("list", "targets-of-plan");
}
