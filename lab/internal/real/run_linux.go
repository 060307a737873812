// SPDX-License-Identifier: Apache-2.0

package real

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rerig/rerig/lab/internal/pki"
	"github.com/rerig/rerig/lab/internal/state"
)

// Run is the supervise.RunFunc of the real size. It opens the ports on the host's loopback, starts
// this program in new namespaces with them, and waits. The processes inside end with this process.
func Run(ctx context.Context, l state.Lab, out io.Writer, ready func() error) error {
	listeners, err := openPorts(&l)
	if err != nil {
		return err
	}
	keys, err := pki.Generate(filepath.Join(l.Dir, "pki"), serverNames, time.Now())
	if err != nil {
		return err
	}
	if err := pki.WriteKubeconfig(l.Kubeconfig(), fmt.Sprintf("https://127.0.0.1:%d", l.APIPort), keys); err != nil {
		return err
	}
	if err := l.Save(); err != nil {
		return err
	}
	if err := createCgroups(cgroupMount, cgroupName(l.Name)); err != nil {
		return err
	}
	defer func() {
		if err := RemoveCgroups(l); err != nil {
			fmt.Fprintln(out, err)
		}
	}()
	return runInNamespaces(ctx, l, listeners, out, ready)
}

// openPorts opens the host's ports. A socket stays in the network namespace in which it was
// created, so the process inside can accept the host's connections without a second relay.
func openPorts(l *state.Lab) ([]*os.File, error) {
	var files []*os.File
	for _, port := range []*int{&l.APIPort, &l.PrometheusPort, &l.IngressPort} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("listen on the host: %w", err)
		}
		f, err := ln.(*net.TCPListener).File()
		if err != nil {
			return nil, fmt.Errorf("listen on the host: %w", err)
		}
		*port = ln.Addr().(*net.TCPAddr).Port
		files = append(files, f)
		ln.Close() // f keeps the socket open
	}
	return files, nil
}

// runInNamespaces runs `inside init` in new namespaces until ctx ends. The kernel ends every
// process of the lab with it. It reports readiness on a pipe.
func runInNamespaces(ctx context.Context, l state.Lab, listeners []*os.File, out io.Writer, ready func() error) error {
	// The kernel kills the child when the thread that started it ends, so this thread must not end.
	runtime.LockOSThread()
	readyReader, readyWriter, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("create a pipe: %w", err)
	}
	cmd := exec.Command("/proc/self/exe", "inside", "init", l.Dir)
	cmd.Stdout, cmd.Stderr, cmd.Dir = out, out, "/"
	cmd.ExtraFiles = append([]*os.File{readyWriter}, listeners...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
		Pdeathsig:  syscall.SIGKILL,
		Setsid:     true,
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the lab in new namespaces: %w", err)
	}
	readyWriter.Close()
	if err := os.WriteFile(pidFile(l), []byte(strconv.Itoa(cmd.Process.Pid)), 0o644); err != nil {
		return fmt.Errorf("write the PID file: %w", err)
	}
	failed := make(chan error, 1)
	go func() {
		if n, _ := readyReader.Read(make([]byte, 1)); n == 1 {
			failed <- ready()
		}
	}()
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	for {
		select {
		case <-ctx.Done():
			_ = cmd.Process.Kill() // PID 1 of the namespace: the kernel kills all others
			<-exited
			return nil
		case err := <-exited:
			return failureReason(l, err)
		case err := <-failed:
			if err != nil {
				_ = cmd.Process.Kill()
				<-exited
				return err
			}
		}
	}
}

// failureReason returns the error that the inside process wrote before it ended, or how it ended.
func failureReason(l state.Lab, err error) error {
	if b, readErr := os.ReadFile(failureFile(l)); readErr == nil {
		return errors.New(strings.TrimSpace(string(b)))
	}
	return fmt.Errorf("the first process of the lab exited: %w", err)
}
