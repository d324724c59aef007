package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// simulator is a running simulator of Clerk, which counts its requests.
type simulator struct {
	url, key string
	command  *exec.Cmd
	logEnded sync.WaitGroup
	marked   chan struct{}

	mu    sync.Mutex
	count requests
}

// requests are how many a simulator answered, and how many of them with 429.
type requests struct{ all, throttled int }

func startSimulator(ctx context.Context, path string, flags ...string) (*simulator, error) {
	s := &simulator{marked: make(chan struct{}, 1)}
	s.command = exec.CommandContext(ctx, path, append(flags, "-v")...)
	lines, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	log, err := s.command.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	s.logEnded.Go(func() { s.read(log) })

	scanner := bufio.NewScanner(lines)
	for (s.url == "" || s.key == "") && scanner.Scan() {
		name, value, _ := strings.Cut(strings.TrimPrefix(scanner.Text(), "export "), "=")
		switch name {
		case "CLERK_API_URL":
			s.url = value
		case "CLERK_SECRET_KEY":
			s.key = value
		}
	}
	if s.key == "" {
		s.stop()
		return nil, errors.New("the simulator did not start")
	}
	return s, nil
}

func (s *simulator) stop() {
	_ = s.command.Process.Kill()
	s.logEnded.Wait()
	_ = s.command.Wait() // "killed"
}

// read reads the log, which has a line "METHOD route status" for each request.
func (s *simulator) read(log io.Reader) {
	for scanner := bufio.NewScanner(log); scanner.Scan(); {
		line := scanner.Text()
		if strings.HasPrefix(line, "GET (unknown path) ") {
			s.marked <- struct{}{}
			continue
		}
		s.mu.Lock()
		s.count.all++
		if strings.HasSuffix(line, " 429") {
			s.count.throttled++
		}
		s.mu.Unlock()
	}
}

// take returns the requests since the last take. A request of its own, to no endpoint and without a key, marks the end of
// what is counted: when it is in the log, all before it are.
func (s *simulator) take(ctx context.Context) (requests, error) {
	if _, err := s.get(ctx, "/end-of-run", ""); err != nil {
		return requests{}, err
	}
	select {
	case <-s.marked:
	case <-ctx.Done():
		return requests{}, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.count
	s.count = requests{}
	return taken, nil
}

func (s *simulator) get(ctx context.Context, path, key string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return nil, err
	}
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

// ids lists the ids of all applications, oldest first.
func (s *simulator) ids(ctx context.Context) ([]string, error) {
	var ids []string
	for {
		body, err := s.get(ctx, fmt.Sprintf("/oauth_applications?limit=500&order_by=%%2Bcreated_at&offset=%d", len(ids)), s.key)
		if err != nil {
			return nil, err
		}
		var page struct {
			Data []struct {
				ID string `json:"id"`
			} `json:"data"`
			TotalCount int `json:"total_count"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, fmt.Errorf("list of applications: %w", err)
		}
		for _, application := range page.Data {
			ids = append(ids, application.ID)
		}
		if len(page.Data) == 0 || len(ids) >= page.TotalCount {
			return ids, nil
		}
	}
}

// environment points the provider at the simulator.
func (s *simulator) environment() map[string]string {
	return map[string]string{"CLERK_API_URL": s.url, "CLERK_SECRET_KEY": s.key}
}

// removeFile removes a file that may not be there.
func removeFile(path string) error {
	err := os.Remove(path)
	if os.IsNotExist(err) {
		return nil
	}
	return err
}
