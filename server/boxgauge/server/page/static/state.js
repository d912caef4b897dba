// What the reader has chosen in a view; it outlives each drawing.

export const state = {
  sort: { key: "name", falling: false },
  filter: "",
  all: false,
  figure: "ap",
  table: false,
  moment: null,
};
