// SPDX-License-Identifier: Apache-2.0

// Package report writes inventories, plans, events and summaries as text and as
// JSON. It is pure: the observation, the time and the style are arguments.
// Package live draws the same on a terminal, package format lays text out.
package report
