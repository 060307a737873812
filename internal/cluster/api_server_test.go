// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"k8s.io/client-go/rest"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// kubeBinary finds the lab's Kubernetes: RERIG_TEST_KUBE, else the newest one in
// the lab's cache.
func kubeBinary(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("RERIG_TEST_KUBE"); path != "" {
		return path
	}
	dir := os.Getenv("RERIG_CACHE")
	if user, err := os.UserCacheDir(); dir == "" && err == nil {
		dir = filepath.Join(user, "rerig")
	}
	newest, when := "", time.Time{}
	found, _ := filepath.Glob(filepath.Join(dir, "parts", "kube-*", "kube"))
	for _, path := range found {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(when) {
			newest, when = path, info.ModTime()
		}
	}
	if newest == "" {
		t.Skip("no API server to test against: RERIG_TEST_KUBE is not set, and the lab's cache holds no kube (make lab-up builds it)")
	}
	return newest
}

// serve starts a real API server with its own etcd, and returns the configurations of
// its administrator and of a user without rights. No controller runs.
func serve(t *testing.T) (admin, user *rest.Config) {
	t.Helper()
	kube, dir := kubeBinary(t), t.TempDir()
	ports := freePorts(t, 3)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "sa.key", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
	writeFile(t, dir, "tokens.csv", "admin-token,admin,1,system:masters\nuser-token,somebody,2,\n")
	etcd := fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	start(t, dir, kube, "etcd", "--data-dir="+dir+"/etcd", "--client-url="+etcd, fmt.Sprintf("--peer-url=http://127.0.0.1:%d", ports[1]))
	start(t, dir, kube, "kube-apiserver", "--etcd-servers="+etcd, fmt.Sprintf("--secure-port=%d", ports[2]), "--bind-address=127.0.0.1",
		"--cert-dir="+dir+"/certs", "--token-auth-file="+dir+"/tokens.csv", "--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+dir+"/sa.key",
		"--service-account-signing-key-file="+dir+"/sa.key", "--service-cluster-ip-range=10.96.0.0/16",
		"--disable-admission-plugins=ServiceAccount")
	for _, token := range []string{"admin-token", "user-token"} {
		config := &rest.Config{Host: fmt.Sprintf("https://127.0.0.1:%d", ports[2]), BearerToken: token, QPS: -1,
			TLSClientConfig: rest.TLSClientConfig{Insecure: true}}
		if admin == nil {
			admin = config
		}
		user = config
	}
	waitForServer(t, admin)
	return admin, user
}

func writeFile(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start runs a process until the test ends, and logs its last output if the test
// failed.
func start(t *testing.T, dir, binary string, args ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(dir, args[0]+".log"))
	if err != nil {
		t.Fatal(err)
	}
	process := exec.Command(binary, args...)
	process.Stdout, process.Stderr = log, log
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
		log.Close()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("%s ended with:\n%s", args[0], text[max(0, len(text)-1500):])
		}
	})
}

func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func waitForServer(t *testing.T, config *rest.Config) {
	t.Helper()
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	last := ""
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		answer, err := client.Get(config.Host + "/readyz")
		if err != nil {
			last = err.Error()
			continue
		}
		answer.Body.Close()
		if last = answer.Status; answer.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatal("the API server does not get ready: " + strings.TrimSpace(last))
}
