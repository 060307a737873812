// SPDX-License-Identifier: Apache-2.0

package load

// mix is the order in which kinds come: each as often as its weight says, spread evenly, always the same.
type mix struct {
	kinds []Kind
	owed  []int
	total int
}

func newMix(kinds []Kind) *mix {
	m := &mix{kinds: kinds, owed: make([]int, len(kinds))}
	for _, k := range kinds {
		m.total += k.Weight
	}
	return m
}

// next is the kind that is owed most.
func (m *mix) next() Kind {
	most := 0
	for i, k := range m.kinds {
		m.owed[i] += k.Weight
		if m.owed[i] > m.owed[most] {
			most = i
		}
	}
	m.owed[most] -= m.total
	return m.kinds[most]
}
