// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"sync"

	"github.com/rerig/rerig/internal/engine"
)

// memory hands events on and keeps the last look at the mesh, for the page at
// the end.
type memory struct {
	to    engine.Teller
	mutex sync.Mutex
	last  engine.Event
}

func (m *memory) Tell(e engine.Event) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if e.World != nil {
		m.last = e
	}
	m.to.Tell(e)
}

// seen is the last event that carried a look at the mesh.
func (m *memory) seen() engine.Event {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.last
}
