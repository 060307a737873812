// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/rerig/rerig/hack/labsize"
)

// maxWorkers is how many hollow labs run stories at the same time: a story mostly
// waits.
const maxWorkers = 3

// job is something to run beside others, such as a story.
type job struct {
	name string
	run  func(context.Context, *worker) []result
}

// worker runs jobs one by one, on a hollow lab of its own.
type worker struct {
	name string // the prefix of its labs' names
	out  io.Writer
	lab  chan error // tells whether the lab is up
}

func (w *worker) labName() string { return w.name + "-hollow" }

// up starts the worker's lab, in place of one that a killed run left.
func (w *worker) up(ctx context.Context) error {
	labDown(ctx, w.labName(), io.Discard)
	var log bytes.Buffer
	if err := labCommand(ctx, &log, "up", "--name", w.labName(), "--size", labsize.Hollow).Run(); err != nil {
		return fmt.Errorf("lab up --name %s: %w\n%s", w.labName(), err, log.String())
	}
	return nil
}

// workers share a queue of jobs.
type workers struct {
	all  []*worker
	idle func(context.Context) // called once, when the first worker finds no job
}

// newWorkers returns no more workers than there are stories on hollow labs.
func newWorkers(o options, s selection, shared *sync.Mutex, out io.Writer) *workers {
	ws := &workers{}
	if o.size == labsize.None {
		return ws
	}
	for n := 1; n <= min(maxWorkers, len(s.hollow)); n++ {
		ws.all = append(ws.all, &worker{name: fmt.Sprintf("%s-%d", labsPrefix(), n), lab: make(chan error, 1),
			out: &prefixWriter{to: out, prefix: fmt.Sprintf("%d| ", n), shared: shared}})
	}
	return ws
}

// start starts the workers' labs and does not wait for them.
func (ws *workers) start(ctx context.Context) {
	for _, w := range ws.all {
		go func() { w.lab <- w.up(ctx) }()
	}
}

// run returns when all jobs are done. After a failed job its worker starts a new
// lab, so that the next one does not inherit what it left.
func (ws *workers) run(ctx context.Context, jobs []job) []result {
	queue := make(chan job, len(jobs))
	for _, j := range jobs {
		queue <- j
	}
	close(queue)
	var results []result
	var mu sync.Mutex
	var idle sync.Once
	add := func(more ...result) {
		mu.Lock()
		defer mu.Unlock()
		results = append(results, more...)
	}
	var all sync.WaitGroup
	for _, w := range ws.all {
		all.Go(func() {
			err := <-w.lab
			for err == nil && ctx.Err() == nil {
				j, more := <-queue
				if !more {
					break
				}
				done := j.run(ctx, w)
				add(done...)
				if count(done, failed) > 0 && ctx.Err() == nil {
					err = w.up(ctx)
				}
			}
			labDown(context.WithoutCancel(ctx), w.labName(), w.out)
			if err != nil {
				fmt.Fprintln(w.out, err)
				add(result{name: "lab " + w.labName(), verdict: failed, story: true})
			} else if ws.idle != nil && ctx.Err() == nil {
				idle.Do(func() { ws.idle(ctx) })
			}
		})
	}
	all.Wait()
	if left := len(queue); left > 0 {
		add(result{name: fmt.Sprintf("%d stories that did not start", left), verdict: failed, story: true})
	}
	return results
}

// stop takes down the labs of workers that did not run.
func (ws *workers) stop(ctx context.Context) {
	for _, w := range ws.all {
		labDown(ctx, w.labName(), io.Discard)
	}
}

// prefixWriter writes complete lines, each behind a prefix, where others write too.
type prefixWriter struct {
	to      io.Writer
	prefix  string
	shared  *sync.Mutex
	pending bytes.Buffer // a line that has not ended
}

func (p *prefixWriter) Write(b []byte) (int, error) {
	p.shared.Lock()
	defer p.shared.Unlock()
	p.pending.Write(b)
	for {
		line, err := p.pending.ReadBytes('\n')
		if err != nil {
			p.pending.Write(line)
			return len(b), nil
		}
		if _, err := fmt.Fprintf(p.to, "%s%s", p.prefix, line); err != nil {
			return len(b), err
		}
	}
}
